import { SourceMap, type SourceMapPayload } from "node:module";

/**
 * A text, such as a stack, in which places of the bundle (`…index.js:19117:33`) have become those of the files that it was
 * made from, with paths from the repository. What the map does not know stays.
 */
export function inSources(text: string, payload: SourceMapPayload): string {
  const map = new SourceMap(payload);
  return text.replaceAll(/[^\s()"]*\bindex\.js:(\d+):(\d+)/g, (written, line: string, column: string) => {
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
    if (!("originalSource" in entry)) return written;
    const file = entry.originalSource.replace(/^(?:\.\.?\/)+/, "");
    return `${file}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}
