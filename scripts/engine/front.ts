// Bundled with every Worker that the engine runs (scripts/build.ts).

export interface Fetchable<Env, Context> {
  fetch(request: Request, env: Env, context: Context): Response | Promise<Response>;
}

/** The assets binding of wrangler.toml. */
export interface Assets {
  fetch(request: Request): Promise<Response>;
}

/**
 * What the engine's port speaks to: the Worker behind the assets rules of its wrangler.toml. Miniflare's own way there is
 * two Workers and an RPC long, which cost three quarters of the requests a second.
 *
 * A path of `workerFirst` goes to the Worker; any other to the asset it names, or to the Worker where there is none.
 * `/a/*` is all that begins with `/a/`; a pattern without a star is one path.
 */
export function front<Env extends { readonly ASSETS?: Assets | undefined }, Context>(
  worker: Fetchable<Env, Context>,
  workerFirst: readonly string[],
): Fetchable<Env, Context> {
  const paths = new Set(workerFirst.filter((pattern) => !pattern.endsWith("*")));
  const prefixes = workerFirst.filter((pattern) => pattern.endsWith("*")).map((pattern) => pattern.slice(0, -1));
  const first = (path: string) => paths.has(path) || prefixes.some((prefix) => path.startsWith(prefix));
  return {
    async fetch(request, env, context) {
      if (env.ASSETS === undefined || first(new URL(request.url).pathname)) return worker.fetch(request, env, context);
      if (request.method !== "GET" && request.method !== "HEAD") return worker.fetch(request, env, context);
      const asset = await env.ASSETS.fetch(request);
      return asset.status === 404 ? worker.fetch(request, env, context) : asset;
    },
  };
}
