// How the columns of a table read, whatever the table: from their names and the values at hand.

import { heading, integer, jsonText, NOTHING, twoDecimals, utcMinute } from "./format.js";

/**
 * @typedef {{readonly [column: string]: unknown}} Row
 * @typedef {{readonly name: string, readonly heading: string, readonly kind: "time" | "number" | "text",
 *   readonly show: (value: unknown) => string}} Column
 */

/** The names that windowed results have by convention. */
const TIMES = new Set(["window_start", "window_end"]);

/**
 * @param {readonly string[]} names
 * @param {readonly Row[]} rows
 * @returns {readonly Column[]}
 */
export function columnsOf(names, rows) {
  return names.map((name) => {
    const values = rows.map((row) => row[name]).filter((value) => value !== null && value !== undefined);
    const numbers = values.filter((value) => typeof value === "number");
    if (numbers.length < values.length || values.length === 0) {
      return { name, heading: heading(name), kind: "text", show: textOf };
    }
    if (TIMES.has(name)) return { name, heading: `${heading(name)} (UTC)`, kind: "time", show: orNothing(utcMinute) };
    // All of a column alike, so that its digits stand below each other.
    const digits = numbers.every((value) => Number.isInteger(value)) ? integer : twoDecimals;
    return { name, heading: heading(name), kind: "number", show: orNothing(digits) };
  });
}

/**
 * The order that shows what is new: the latest window first. Without a window the database's own order.
 * @param {readonly string[]} names
 * @returns {{readonly by: string, readonly order: "asc" | "desc"} | undefined}
 */
export function latestFirst(names) {
  return names.includes("window_start") ? { by: "window_start", order: "desc" } : undefined;
}

/** @param {unknown} value */
function textOf(value) {
  if (value === null || value === undefined) return NOTHING;
  return typeof value === "string" ? value : jsonText(value);
}

/**
 * @param {(value: number) => string} show
 * @returns {(value: unknown) => string}
 */
function orNothing(show) {
  return (value) => (typeof value === "number" ? show(value) : NOTHING);
}
