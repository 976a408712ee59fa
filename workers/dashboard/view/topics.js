// Topics with their offsets; each unfolds to its partitions.

import { bytes, integer, NOTHING, utc } from "../format.js";
import { byId, element, keyed, setText } from "./dom.js";
import { createTopicCommand, showEmpty } from "./empty.js";

/**
 * @import { TopicDescription } from "../../../schema/wire/answer/topic.ts"
 * @import { TopicRow } from "../overview.js"
 * @typedef {TopicDescription["partitions"][number]} Partition
 */

const EXAMPLE_TOPIC = "flights";

const region = byId("topics", HTMLElement);
const empty = byId("topics-empty", HTMLElement);
const table = region.querySelector("table") ?? region;

/**
 * @param {readonly TopicRow[]} rows
 * @param {string | undefined} missing a topic that a pipeline waits for
 */
export function showTopics(rows, missing) {
  region.hidden = rows.length === 0;
  showEmpty(empty, advice(rows.length > 0, missing));
  // One tbody per topic: its own row and, unfolded, those of its partitions.
  keyed(table, rows, { fixed: 1, key: ({ summary }) => summary.topicId, create: createTopic, update: updateTopic });
}

/**
 * @param {boolean} some
 * @param {string | undefined} missing
 */
function advice(some, missing) {
  if (missing !== undefined) {
    return [
      `${some ? "" : "No topic yet. "}A pipeline waits for the topic ${missing}. Create it:`,
      createTopicCommand(missing),
    ];
  }
  return some ? [] : ["No topic yet. Create one:", createTopicCommand(EXAMPLE_TOPIC)];
}

/** @param {TopicRow} row */
function createTopic({ summary }) {
  const button = element("button", { type: "button", class: "fold", "aria-expanded": "false" }, summary.name);
  const body = element("tbody", {}, createLine(button));
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    for (const line of [...body.rows].slice(1)) line.hidden = !open;
  });
  return body;
}

/** @param {Node | string} title */
function createLine(title) {
  const cells = ["number", "number", "number", "time"].map((kind) => element("td", { class: kind }));
  return element("tr", {}, element("th", { scope: "row" }, title), ...cells);
}

/**
 * @param {HTMLTableSectionElement} body
 * @param {TopicRow} row
 */
function updateTopic(body, { summary, described }) {
  const partitions = described?.partitions ?? [];
  const [first] = body.rows;
  if (first !== undefined) fill(first, [integer(summary.partitions), ...totals(described)]);
  const folded = body.querySelector("button")?.getAttribute("aria-expanded") !== "true";
  keyed(body, partitions, {
    fixed: 1,
    key: ({ partition }) => String(partition),
    create: ({ partition }) => {
      const line = createLine(`Partition ${partition}`);
      line.className = "inner";
      line.hidden = folded;
      return line;
    },
    update: (line, { logStartOffset, logEndOffset, bytes: size, lastTimestamp }) => {
      fill(line, ["", `${integer(logStartOffset)} – ${integer(logEndOffset)}`, bytes(size), utc(lastTimestamp)]);
    },
  });
}

/** @param {TopicDescription | undefined} described */
function totals(described) {
  if (described === undefined) return [NOTHING, NOTHING, NOTHING];
  const { partitions } = described;
  const sum = (/** @type {(partition: Partition) => number} */ of) => partitions.reduce((all, one) => all + of(one), 0);
  const last = Math.max(-1, ...partitions.map(({ lastTimestamp }) => lastTimestamp));
  return [integer(sum(({ logEndOffset }) => logEndOffset)), bytes(sum((one) => one.bytes)), utc(last)];
}

/**
 * @param {HTMLTableRowElement} line
 * @param {readonly string[]} texts of the cells after the first
 */
function fill(line, texts) {
  for (const [index, text] of texts.entries()) {
    const cell = line.cells[index + 1];
    if (cell !== undefined) setText(cell, text);
  }
}
