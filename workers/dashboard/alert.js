// A record of the demo's topic `delay-alerts` (pipelines/delay-alerts.ts), as far as the page shows it.

import { numberOf } from "./exact-json.js";

export const ALERTS_TOPIC = "delay-alerts";

/**
 * @typedef {{readonly airport: string, readonly destination: string, readonly when: string, readonly delay: number,
 *   readonly mean: number, readonly deviation: number}} Alert
 */

/**
 * Undefined for a value of another form: anybody may write to the topic.
 * @param {unknown} value
 * @returns {Alert | undefined}
 */
export function alertOf(value) {
  const { airport, flight, mean, deviation } = fields(value);
  const { date, delay, destination } = fields(flight);
  const numbers = [delay, mean, deviation].map(numberOf);
  const [delayed, usual, spread] = numbers;
  if (typeof airport !== "string" || typeof date !== "string" || typeof destination !== "string") return undefined;
  if (delayed === undefined || usual === undefined || spread === undefined) return undefined;
  return { airport, destination, when: date.replaceAll("/", "-"), delay: delayed, mean: usual, deviation: spread };
}

/**
 * @param {unknown} value
 * @returns {{readonly [name: string]: unknown}}
 */
function fields(value) {
  return typeof value === "object" && value !== null ? /** @type {{[name: string]: unknown}} */ (value) : {};
}
