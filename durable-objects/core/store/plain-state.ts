/** Numbers, lists, objects, and characters of texts: far below MAX_STATE_VALUE_BYTES of JSON. */
const MOST_UNITS = 2_000;

/**
 * Numbers, texts and booleans, and lists and objects of them, that are small: their JSON can be made at any later time, for
 * it is neither an error nor too large. -0 is none: JSON says 0.
 */
export function isPlain(value: unknown): boolean {
  return unitsLeft(value, MOST_UNITS) >= 0;
}

function unitsLeft(value: unknown, units: number): number {
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0) ? units - 1 : -1;
  if (typeof value === "boolean") return units - 1;
  if (typeof value === "string") return units - value.length;
  if (typeof value !== "object" || value === null) return -1;
  let left = units - 1;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length && left >= 0; at++) left = unitsLeft(value[at], left);
    return left;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return -1;
  for (const name in value) {
    if (left < 0) return left;
    left = unitsLeft((value as { readonly [name: string]: unknown })[name], left - name.length);
  }
  return left;
}
