import type { LookupNode, LookupSource } from "../plan.ts";
import { durationText } from "./duration-text.ts";

/** A lookup for reading. */
export function lookupText({ join, source, cache }: LookupNode): string {
  const kept = cache === undefined ? "not kept" : `${cache.entries} kept for ${durationText(cache.ttlMs)}`;
  return `${join}, ${sourceText(source)}, ${kept}`;
}

function sourceText(source: LookupSource): string {
  switch (source.kind) {
    case "d1":
      return `D1 table ${source.table} by ${source.key.join(", ")}`;
    case "http":
      return "over HTTP";
    case "function":
      return "by a function";
  }
}
