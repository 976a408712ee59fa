// Vite sets it; Cloudflare's types do not have it. Tests prefix names of objects with it, as all files share storage.
interface ImportMeta {
  readonly url: string;
}
