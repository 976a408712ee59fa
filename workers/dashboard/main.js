// Joins the parts: one gate, one status line, and three loops (overview, tail, table) that go on by themselves.

import { ALERTS_TOPIC } from "./alert.js";
import { get, token } from "./api.js";
import { awaitedTopic } from "./awaited-topic.js";
import { Gate } from "./gate.js";
import { Overview } from "./overview.js";
import { poll } from "./poll.js";
import { Tables } from "./tables.js";
import { Tail } from "./tail.js";
import { byId, setText } from "./view/dom.js";
import { showPipelines } from "./view/pipelines.js";
import { Choice } from "./view/select.js";
import { Status } from "./view/status.js";
import { addToTail, clearTail, showNoTail } from "./view/tail.js";
import { showTopics } from "./view/topics.js";

/** @import { Done, Failure, Result } from "./api.js" */

const EVERY_MS = 1_000;
const OVERVIEW = "overview";

const gate = new Gate();
const status = new Status();
const overview = new Overview();
const pauseButton = byId("pause", HTMLButtonElement);
const forgetButton = byId("forget", HTMLButtonElement);
const tokenForm = byId("token", HTMLFormElement);
const tokenInput = byId("token-value", HTMLInputElement);
let paused = false;
let locked = false;

function updateGate() {
  gate.set(!document.hidden && !paused && !locked);
  status.set({ paused, locked });
}

/**
 * @param {string} source
 * @param {Done | Failure} outcome
 * @param {number} failures
 */
function report(source, outcome, failures) {
  if (!outcome.ok && outcome.kind === "unauthenticated") askForToken(outcome.message);
  else status.report(source, outcome, failures);
  // The server is back: the other loops need not sit out their pauses.
  if (outcome.ok && source === OVERVIEW && status.unreachable) gate.wake();
}

/** @param {string} reason */
function askForToken(reason) {
  // The loops are refused one after another; the first has asked.
  if (locked) return;
  locked = true;
  setText(byId("token-note", HTMLElement), `The server says: ${reason}.`);
  tokenForm.hidden = false;
  updateGate();
  tokenInput.focus();
}

tokenForm.addEventListener("submit", (event) => {
  event.preventDefault();
  token.set(tokenInput.value.trim());
  tokenForm.reset();
  tokenForm.hidden = true;
  forgetButton.hidden = false;
  locked = false;
  updateGate();
});

forgetButton.addEventListener("click", () => {
  token.forget();
  location.reload();
});

pauseButton.addEventListener("click", () => {
  paused = !paused;
  pauseButton.setAttribute("aria-pressed", String(paused));
  updateGate();
});

document.addEventListener("visibilitychange", updateGate);

/** @type {{readonly key: string, readonly tail: Tail, readonly stop: AbortController} | undefined} */
let tailing;
const tailChoice = new Choice(byId("tail-topic", HTMLSelectElement), showOverview);

/** Another topic, or another one of the same name, is another tail. */
function updateTail() {
  const topics = overview.topics ?? [];
  const names = topics.map(({ summary }) => summary.name);
  // Dead letters come first by name and are mostly empty.
  const preferred = [ALERTS_TOPIC, ...names.filter((one) => !one.endsWith(".dead-letters"))];
  const name = tailChoice.offer(names, preferred);
  const row = topics.find(({ summary }) => summary.name === name);
  if (row?.summary.topicId !== tailing?.key) {
    tailing?.stop.abort();
    tailing = undefined;
    status.forget("tail");
    clearTail(name);
  }
  if (row === undefined) return showNoTail();
  if (tailing === undefined) {
    const stop = new AbortController();
    const { name: topic, topicId } = row.summary;
    const tail = new Tail(topic, {
      begin: () => clearTail(topic),
      take: (records, skipped) => addToTail(topic, records, skipped),
    });
    tailing = { key: topicId, tail, stop };
    void tail.run(gate, { signal: stop.signal, report: (...said) => stop.signal.aborted || report(...said) });
  }
  tailing.tail.see(row.described?.partitions ?? []);
}

function showOverview() {
  const { topics, pipelines } = overview;
  if (topics === undefined || pipelines === undefined) return;
  byId("parts", HTMLElement).hidden = false;
  showTopics(topics, awaitedTopic(pipelines.map(({ summary }) => summary)));
  showPipelines(pipelines);
  updateTail();
}

/** @param {string} name */
function workOf(name) {
  const row = overview.pipelines?.find(({ summary }) => summary.name === name);
  const tasks = row?.described?.tasks ?? [];
  return tasks.map(({ recordsOut, outbox, lastBatch }) => [recordsOut, outbox, lastBatch?.batchId].join("/")).join(" ");
}

let versionKnown = false;

/** @param {AbortSignal} signal */
async function showVersion(signal) {
  /** @type {Result<{version: string}>} */
  const answer = await get("/healthz", { signal });
  versionKnown = answer.ok;
  if (answer.ok) setText(byId("version", HTMLElement), answer.value.version);
}

async function pollOverview() {
  await poll(gate, {
    everyMs: EVERY_MS,
    work: async (signal) => {
      if (!versionKnown) await showVersion(signal);
      const outcome = await overview.refresh(signal);
      showOverview();
      return outcome;
    },
    report: (outcome, failures) => report(OVERVIEW, outcome, failures),
  });
}

async function pollTable() {
  const tables = new Tables(byId("table-name", HTMLSelectElement), { workOf, wake: () => gate.wake() });
  await poll(gate, {
    everyMs: EVERY_MS,
    work: (signal) => tables.refresh(signal),
    report: (outcome, failures) => report("table", outcome, failures),
  });
}

forgetButton.hidden = token.get() === "";
updateGate();
void pollOverview();
void pollTable();
