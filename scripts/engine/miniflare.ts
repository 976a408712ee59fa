import { createRequire } from "node:module";
import type * as Exports from "miniflare";

export type { Miniflare as MiniflareInstance, V4MiniflareOptions } from "miniflare";

/**
 * Required, because an import first scans its 6 MB for the names it exports: 0.4 s and 8 MB.
 */
export const { convertV4MiniflareOptions, Log, LogLevel, Miniflare, MiniflareCoreError } = createRequire(
  import.meta.url,
)("miniflare") as typeof Exports;
