import { MAX_STATE_VALUE_BYTES } from "../../../schema/limits.ts";

const encoder = new TextEncoder();

/**
 * The JSON text of a value of user code. What JSON would silently change (NaN and infinities to null, a Map or Set to
 * {}, bytes to an object) or cannot write (bigint, undefined) is an error that names the path: `state.total is NaN`.
 */
export function jsonText(value: unknown, name: string): string {
  // The commonest states; their text needs no look.
  if (typeof value === "number" && Number.isFinite(value)) return value === 0 ? "0" : `${value}`;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    check(value, name, []);
    throw error;
  }
  if (text === undefined) throw new TypeError(`${name} is ${describe(value)}, which JSON cannot hold`);
  // What JSON.stringify writes for NaN and infinities, for a Map, a Set or no bytes, and for bytes.
  if (text.includes("null") || text.includes("{}") || text.includes('{"0":')) check(value, name, []);
  return text;
}

export function stateText(value: unknown, name: string): string {
  return boundedState(jsonText(value, name), name);
}

export function boundedState(text: string, name: string): string {
  // A UTF-16 unit is at most three bytes.
  if (text.length * 3 > MAX_STATE_VALUE_BYTES) {
    const bytes = encoder.encode(text).length;
    if (bytes > MAX_STATE_VALUE_BYTES) {
      throw new RangeError(`${name} is ${bytes} bytes of JSON, the limit is ${MAX_STATE_VALUE_BYTES}`);
    }
  }
  return text;
}

function check(value: unknown, path: string, above: readonly unknown[]): void {
  const wrong =
    typeof value === "bigint" ||
    (typeof value === "number" && !Number.isFinite(value)) ||
    value instanceof Map ||
    value instanceof Set ||
    ArrayBuffer.isView(value) ||
    value instanceof ArrayBuffer;
  if (wrong) throw new TypeError(`${path} is ${describe(value)}, which JSON cannot hold`);
  if (typeof value !== "object" || value === null) return;
  if (above.includes(value)) throw new TypeError(`${path} refers back to a value that contains it`);
  const inside = [...above, value];
  if ("toJSON" in value && typeof value.toJSON === "function") return check(value.toJSON(""), path, inside);
  if (Array.isArray(value)) value.forEach((item, index) => check(item, `${path}[${index}]`, inside));
  else for (const [field, item] of Object.entries(value)) check(item, `${path}.${field}`, inside);
}

function describe(value: unknown): string {
  if (value instanceof Map) return "a Map";
  if (value instanceof Set) return "a Set";
  if (typeof value === "bigint") return `the bigint ${value}`;
  if (typeof value === "object") return "bytes";
  return typeof value === "number" ? `${value}` : typeof value;
}
