// Pipelines: a card each, because what matters of one (an error, a lag) is read together.

import { duration, integer, NOTHING, rate, utc } from "../format.js";
import { byId, element, keyed, setAttribute, setText } from "./dom.js";
import { showEmpty } from "./empty.js";
import { drawSparkline, sparkline } from "./sparkline.js";

/**
 * @import { PipelineDescription } from "../../../schema/wire/answer/pipeline.ts"
 * @import { PipelineRow } from "../overview.js"
 * @typedef {PipelineDescription["tasks"][number]} Task
 */

const list = byId("pipelines", HTMLElement);
const empty = byId("pipelines-empty", HTMLElement);

/** @type {readonly (readonly [label: string, of: (task: Task) => number])[]} */
const SUMS = [
  ["Lag", ({ lag }) => lag],
  ["Late", ({ lateRecords }) => lateRecords],
  ["Dead letters", ({ deadLetters }) => deadLetters],
  ["Outbox", ({ outbox }) => outbox],
];

/** @type {readonly (readonly [label: string, kind: string, show: (task: Task) => string])[]} */
const TASK_COLUMNS = [
  ["State", "text", ({ state }) => state],
  ["Position", "number", ({ position }) => integer(position)],
  ["Lag", "number", ({ lag }) => integer(lag)],
  ["In", "number", ({ recordsIn }) => integer(recordsIn)],
  ["Out", "number", ({ recordsOut }) => integer(recordsOut)],
  ["Late", "number", ({ lateRecords }) => integer(lateRecords)],
  ["Dead letters", "number", ({ deadLetters }) => integer(deadLetters)],
  ["Skipped", "number", ({ skippedRecords }) => integer(skippedRecords)],
  ["Outbox", "number", ({ outbox }) => integer(outbox)],
  ["Last batch", "number", ({ lastBatch }) => batchText(lastBatch)],
  ["Watermark (UTC)", "time", ({ watermark }) => utc(watermark)],
  ["Time waits for", "text", ({ heldBackBy }) => namesText(heldBackBy)],
];

/** Internal topics begin with two underscores. @param {string} name */
function shortName(name) {
  return name.startsWith("__") ? `\u21b3 ${name.slice(2)}` : name;
}

/** @param {Task["heldBackBy"]} names */
function namesText(names) {
  const [first, ...others] = names ?? [];
  if (first === undefined) return NOTHING;
  return others.length === 0 ? shortName(first) : `${shortName(first)} and ${integer(others.length)} more`;
}

/** @param {Task["lastBatch"]} batch */
function batchText(batch) {
  return batch === undefined ? NOTHING : `${integer(batch.to - batch.from)} in ${duration(batch.durationMs)}`;
}

/** @param {readonly PipelineRow[]} rows */
export function showPipelines(rows) {
  showEmpty(empty, rows.length > 0 ? [] : ["No pipeline yet. List one in pipelines/index.ts and deploy."]);
  keyed(list, rows, {
    key: ({ summary }) => summary.name,
    create: createCard,
    update: updateCard,
  });
}

/** @param {PipelineRow} row */
function createCard({ summary }) {
  const tasks = element("table", {}, createTaskHead(), element("tbody"));
  const figures = element("dl", {}, ...["Records/s", ...SUMS.map(([label]) => label)].map(createFigure));
  figures.querySelector("dd")?.before(sparkline());
  return element(
    "article",
    {},
    element("h3", {}, summary.name, " ", element("span", { class: "state" })),
    element("p", { class: "note about" }),
    element("div", { class: "error" }),
    figures,
    element(
      "details",
      {},
      element("summary", {}, "Tasks"),
      element(
        "div",
        { class: "scroll", role: "region", "aria-label": `Tasks of ${summary.name}`, tabindex: "0" },
        tasks,
      ),
    ),
  );
}

/** @param {string} label */
function createFigure(label) {
  return element("div", {}, element("dt", {}, label), element("dd"));
}

function createTaskHead() {
  const heads = TASK_COLUMNS.map(([label, kind]) => element("th", { scope: "col", class: kind }, label));
  return element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Partition"), ...heads));
}

/**
 * @param {HTMLElement} card
 * @param {PipelineRow} row
 */
function updateCard(card, { summary, described, rate: throughput }) {
  const { state, trigger, version } = described ?? summary;
  const tasks = described?.tasks ?? [];
  const [stateLine, about, error] = [".state", ".about", ".error"].map((name) => card.querySelector(name));
  if (stateLine) {
    setAttribute(stateLine, "data-state", state);
    setText(stateLine, state);
  }
  if (about) setText(about, `${trigger}, version ${version}, reads ${summary.sources.join(", ")}`);
  if (error instanceof HTMLElement) {
    // What it waits for while it starts is no error.
    error.classList.toggle("calm", state === "bootstrapping");
    showEmpty(error, errors((described ?? summary).error, tasks));
  }
  const unknown = tasks.length === 0;
  const sums = SUMS.map(([, of]) => (unknown ? NOTHING : integer(tasks.reduce((sum, task) => sum + of(task), 0))));
  const values = card.querySelectorAll("dd");
  for (const [index, text] of [rate(throughput.perSecond), ...sums].entries()) {
    const value = values[index];
    if (value !== undefined) setText(value, text);
  }
  const drawing = card.querySelector("svg");
  if (drawing !== null) drawSparkline(drawing, throughput.points);
  updateTasks(card, tasks);
}

/**
 * @param {string | undefined} error of the pipeline as a whole
 * @param {readonly Task[]} tasks
 * @returns {readonly string[]}
 */
function errors(error, tasks) {
  const ofTasks = tasks.filter((task) => task.error !== undefined && task.error !== error);
  return [
    ...(error === undefined ? [] : [error]),
    ...ofTasks.slice(0, 3).map((task) => `${shortName(task.topic)}/${task.partition}: ${task.error}`),
    ...(ofTasks.length > 3 ? [`${ofTasks.length - 3} more tasks with errors`] : []),
  ];
}

/**
 * @param {HTMLElement} card
 * @param {readonly Task[]} tasks
 */
function updateTasks(card, tasks) {
  const [details, label, body] = [
    card.querySelector("details"),
    card.querySelector("summary"),
    card.querySelector("tbody"),
  ];
  if (details === null || label === null || body === null) return;
  details.hidden = tasks.length === 0;
  setText(label, tasks.length === 1 ? "1 task" : `${tasks.length} tasks`);
  keyed(body, tasks, {
    key: ({ topic, partition }) => `${topic}/${partition}`,
    create: ({ topic, partition }) => {
      const cells = TASK_COLUMNS.map(([, kind]) => element("td", { class: kind }));
      return element("tr", {}, element("th", { scope: "row" }, shortName(`${topic}/${partition}`)), ...cells);
    },
    update: (line, task) => {
      for (const [index, [, , show]] of TASK_COLUMNS.entries()) {
        const cell = line.cells[index + 1];
        if (cell !== undefined) setText(cell, show(task));
      }
    },
  });
}
