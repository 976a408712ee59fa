// The latest records of one topic, newest first. Delay alerts read as alerts, everything else as key and JSON.

import { ALERTS_TOPIC, alertOf } from "../alert.js";
import { integer, jsonText, oneDecimal, signed, utc } from "../format.js";
import { KEPT } from "../tail-positions.js";
import { byId, element, setText } from "./dom.js";
import { produceCommand, showEmpty } from "./empty.js";

/** @import { ConsumerRecordJson } from "../../../schema/wire/answer/read.ts" */

const region = byId("tail", HTMLElement);
const empty = byId("tail-empty", HTMLElement);
const note = byId("tail-note", HTMLElement);
const head = region.querySelector("thead") ?? region;
const body = region.querySelector("tbody") ?? region;

const RECORD_HEADS = [
  ["Partition/offset", "text"],
  ["Time (UTC)", "time"],
  ["Key", "text"],
  ["Value", "text"],
];
const ALERT_HEADS = [
  ["Airport", "text"],
  ["Flight (UTC)", "time"],
  ["Delay (min)", "number"],
  ["Mean ± deviation", "number"],
];

/** Begins anew. @param {string | undefined} topic */
export function clearTail(topic) {
  const heads = topic === ALERTS_TOPIC ? ALERT_HEADS : RECORD_HEADS;
  const cells = heads.map(([label = "", kind = ""]) => element("th", { scope: "col", class: kind }, label));
  head.replaceChildren(element("tr", {}, ...cells));
  body.replaceChildren();
  region.hidden = true;
  showEmpty(empty, []);
  setText(note, "");
}

/** Without a topic. */
export function showNoTail() {
  showEmpty(empty, ["Nothing to follow: there is no topic yet."]);
}

/**
 * @param {string} topic
 * @param {readonly ConsumerRecordJson[]} records oldest first
 * @param {number} skipped since the tail began
 */
export function addToTail(topic, records, skipped) {
  const fresh = body.childElementCount > 0;
  // What would not stay is not drawn.
  const lines = records.slice(-KEPT).map((record) => createLine(topic, record));
  if (fresh) for (const line of lines) line.classList.add("fresh");
  body.prepend(...lines.reverse());
  while (body.childElementCount > KEPT) body.lastElementChild?.remove();
  region.hidden = body.childElementCount === 0;
  showEmpty(empty, region.hidden ? advice(topic) : []);
  const jumped = skipped === 0 ? "" : ` ${integer(skipped)} records came too fast to show.`;
  setText(note, region.hidden ? "" : `Newest first, at most ${KEPT}.${jumped}`);
}

/** @param {string} topic */
function advice(topic) {
  if (topic === ALERTS_TOPIC) {
    return ["No alert yet. The first can come once 30 flights from one airport are in the topic flights."];
  }
  return ["No record yet. Produce one:", produceCommand(topic)];
}

/**
 * @param {string} topic
 * @param {ConsumerRecordJson} record
 */
function createLine(topic, record) {
  const alert = topic === ALERTS_TOPIC ? alertOf(record.value) : undefined;
  if (alert !== undefined) {
    const { airport, destination, when, delay, mean, deviation } = alert;
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, airport, element("span", { class: "note" }, ` to ${destination}`)),
      element("td", { class: "time" }, when),
      element("td", { class: "number strong" }, signed(delay)),
      element("td", { class: "number" }, `${oneDecimal(mean)} ± ${oneDecimal(deviation)}`),
    );
  }
  const value = element("code", {}, jsonText(record.value));
  if (topic === ALERTS_TOPIC) return element("tr", {}, element("td", { colspan: "4" }, value));
  return element(
    "tr",
    {},
    element("td", {}, `${record.partition}/${record.offset}`),
    element("td", { class: "time" }, utc(record.timestamp)),
    element("td", { class: "key" }, typeof record.key === "string" ? record.key : jsonText(record.key, 80)),
    element("td", { class: "value" }, value),
  );
}
