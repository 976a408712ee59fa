import {
  BINDING_PATTERN,
  MAX_LOOKUP_CACHE_ENTRIES,
  MAX_LOOKUP_CONCURRENCY,
  MAX_LOOKUP_KEYS_PER_CALL,
  MAX_LOOKUP_PAUSE_MS,
  MAX_LOOKUP_RETRIES,
  MAX_LOOKUP_TIMEOUT_MS,
  TABLE_NAME_PATTERN,
} from "../../../schema/limits.ts";
import type { D1Lookup, LookupNode, PlanNode } from "../../../schema/plan.ts";
import { checkColumns } from "./check-sink.ts";
import { invalid, type Problem } from "./problem.ts";

/** What lookups say of themselves. */
export function checkLookup(node: PlanNode, field: string): Problem {
  if (node.kind !== "lookup") return undefined;
  const { source } = node;
  return (
    checkNumbers(node, field) ??
    (source.kind === "d1"
      ? checkTable(source, `${field}.source`)
      : checkNumber("atMost", source.atMost, {
          field: `${field}.source`,
          least: 1,
          most: MAX_LOOKUP_KEYS_PER_CALL,
        }))
  );
}

function checkNumbers({ timeoutMs, retries, backoffMs, concurrency, cache }: LookupNode, field: string): Problem {
  return (
    checkNumber("timeoutMs", timeoutMs, { field, least: 1, most: MAX_LOOKUP_TIMEOUT_MS }) ??
    checkNumber("retries", retries, { field, least: 0, most: MAX_LOOKUP_RETRIES }) ??
    checkNumber("backoffMs", backoffMs, { field, least: 1, most: MAX_LOOKUP_PAUSE_MS }) ??
    checkNumber("concurrency", concurrency, { field, least: 1, most: MAX_LOOKUP_CONCURRENCY }) ??
    (cache === undefined
      ? undefined
      : (checkNumber("entries", cache.entries, {
          field: `${field}.cache`,
          least: 1,
          most: MAX_LOOKUP_CACHE_ENTRIES,
        }) ?? checkNumber("ttlMs", cache.ttlMs, { field: `${field}.cache`, least: 1, most: Number.MAX_SAFE_INTEGER })))
  );
}

function checkNumber(
  name: string,
  value: number,
  { field, least, most }: { field: string; least: number; most: number },
): Problem {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return undefined;
  return invalid(`${field}.${name}`, `${name} is ${value}`, `Use a whole number from ${least} to ${most}.`);
}

function checkTable({ binding, table, columns, key }: D1Lookup, field: string): Problem {
  if (!BINDING_PATTERN.test(binding)) {
    return invalid(`${field}.binding`, `"${binding}" is not a binding`, "Name a D1 database of wrangler.toml.");
  }
  if (!TABLE_NAME_PATTERN.test(table)) {
    return invalid(
      `${field}.table`,
      `"${table}" is not a table name`,
      "Use up to 63 letters, digits and _, a letter or _ first, and none of the prefixes sqlite_, millrace_ and _cf_.",
    );
  }
  const names = Object.keys(columns);
  if (names.length === 0) return invalid(`${field}.columns`, "there are no columns", "Name those that are read.");
  const blob = names.find((name) => columns[name] === "BLOB");
  if (blob !== undefined) {
    return invalid(
      `${field}.columns.${blob}`,
      `column "${blob}" is BLOB, which JSON cannot hold`,
      "Look it up with a function that makes text of it.",
    );
  }
  return checkColumns(names, field) ?? checkKey(key, names, field);
}

function checkKey(key: readonly string[], columns: readonly string[], field: string): Problem {
  if (key.length === 0) return invalid(`${field}.key`, "the key is empty", "Name the columns that tell rows apart.");
  const unknown = key.find((column) => !columns.includes(column));
  if (unknown !== undefined) {
    return invalid(`${field}.key`, `"${unknown}" is not a column`, "Name the columns of the key among the columns.");
  }
  if (new Set(key).size === key.length) return undefined;
  return invalid(`${field}.key`, "a column is in the key twice", "Name each column once.");
}
