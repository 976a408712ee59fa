// A record's value is stored as its exact text, and the page shows it so: 12.30 must not become 12.3, nor a large id lose
// its last digits.

/**
 * JSON.parse, but a number that JavaScript would write otherwise is an object that JSON.stringify writes as it was.
 * Browsers without JSON.rawJSON give plain numbers.
 * @param {string} text
 * @returns {unknown}
 */
export function parseExact(text) {
  const { rawJSON } = /** @type {{rawJSON?: (text: string) => object}} */ (/** @type {unknown} */ (JSON));
  if (rawJSON === undefined) return JSON.parse(text);
  /** @type {(key: string, value: unknown, context?: {source?: string}) => unknown} */
  const revive = (_key, value, context) => {
    const source = context?.source;
    return typeof value === "number" && source !== undefined && String(value) !== source ? rawJSON(source) : value;
  };
  return JSON.parse(text, revive);
}

/**
 * The number that a parsed value stands for.
 * @param {unknown} value
 * @returns {number | undefined}
 */
export function numberOf(value) {
  if (typeof value === "number") return value;
  if (typeof value !== "object" || value === null || !("rawJSON" in value)) return undefined;
  const number = Number(value.rawJSON);
  return Number.isNaN(number) ? undefined : number;
}
