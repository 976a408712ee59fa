// How figures and times read. One place, so that a number looks the same in every part of the page. Times are UTC: a
// stream's records come from everywhere, and the API speaks UTC too.

/** What stands where there is nothing to show. */
export const NOTHING = "–";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const twoDigits = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** @param {number} value */
export function integer(value) {
  return withMinus(whole.format(value));
}

/** @param {number} value */
export function oneDecimal(value) {
  return withMinus(oneDigit.format(value));
}

/** @param {number} value */
export function twoDecimals(value) {
  return withMinus(twoDigits.format(value));
}

/** As wide as a digit, which a hyphen is not; and no zero is negative. @param {string} text */
function withMinus(text) {
  return /^-[0.]+$/.test(text) ? text.slice(1) : text.replace("-", "−");
}

/**
 * Units of 1000: 999 B, 1.0 kB, 12.3 MB.
 * @param {number} value
 */
export function bytes(value) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let rest = value;
  // 999,950 would read 1,000.0 kB.
  while (rest >= (unit === 0 ? 1000 : 999.95) && unit < units.length - 1) {
    rest /= 1000;
    unit++;
  }
  return `${unit === 0 ? integer(rest) : oneDecimal(rest)} ${units[unit]}`;
}

/**
 * A rate: one decimal below 100, where it still says something.
 * @param {number | undefined} value
 */
export function rate(value) {
  if (value === undefined) return NOTHING;
  return value === 0 || value >= 99.95 ? integer(value) : oneDecimal(value);
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < 1000) return `${integer(ms)} ms`;
  return ms < 60_000 ? `${oneDecimal(ms / 1000)} s` : `${integer(ms / 60_000)} min`;
}

/**
 * `2001-01-10 18:20:31`; nothing for what is no time, as -1 is.
 * @param {number | undefined} ms
 */
export function utc(ms) {
  if (ms === undefined || ms < 0 || Number.isNaN(new Date(ms).getTime())) return NOTHING;
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}

/**
 * Without seconds, for what happens by the minute.
 * @param {number | undefined} ms
 */
export function utcMinute(ms) {
  return utc(ms).slice(0, 16);
}

/**
 * As a delay is: `+66`, `−5`.
 * @param {number} value
 */
export function signed(value) {
  return `${value > 0 ? "+" : ""}${Number.isInteger(value) ? integer(value) : oneDecimal(value)}`;
}

/**
 * JSON text, cut where it is longer than a row can show.
 * @param {unknown} value
 * @param {number} [limit]
 */
export function jsonText(value, limit = 400) {
  const text = JSON.stringify(value) ?? "";
  return text.length <= limit ? text : `${text.slice(0, limit)}… (${integer(text.length)} characters)`;
}

/**
 * A column's or field's name as a heading.
 * @param {string} name
 */
export function heading(name) {
  const words = name.replaceAll("_", " ").trim();
  return words === "" ? name : words.charAt(0).toUpperCase() + words.slice(1);
}
