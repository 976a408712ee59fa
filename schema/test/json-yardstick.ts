export const bytes = (text: string) => new TextEncoder().encode(text);
const fatal = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** JSON.parse over bytes: the yardstick. */
export function parses(text: Uint8Array): boolean {
  try {
    JSON.parse(fatal.decode(text));
    return true;
  } catch {
    return false;
  }
}
