import { isInternal } from "../../schema/internal-topic.ts";
import { MAX_REDRIVEN_CHARACTERS } from "../../schema/limits.ts";
import { encodeBatch } from "../../schema/record-batch/encode.ts";
import type { LetterPlace, LetterStart, LetterState, LetterToRedrive, RedriveCounts } from "../../schema/rpc/task.ts";
import { keyText } from "../core/operator/key-text.ts";
import { recordText } from "../core/task/parked-record.ts";
import type { AttachedTask } from "./attached-task.ts";
import type { Loaded } from "./loaded.ts";

/**
 * What a letter is to its task (ERR-7). Each is given to it once, by its place in the dead-letter topic; of parked ones the
 * task knows itself which still wait.
 */
export function letterState({ redrives }: Loaded, task: AttachedTask, letter: LetterPlace): LetterState {
  if (letter.incarnation !== task.incarnation) return "former";
  switch (letter.kind) {
    case "result":
      return "unfit";
    case "parked":
      return stateOfParked(redrives, task, letter);
    case "record":
    case "refused":
      return redrives.has(task.id, letter) ? "redriven" : "waiting";
  }
}

function stateOfParked(redrives: Loaded["redrives"], task: AttachedTask, letter: LetterPlace): LetterState {
  const key = keyText(letter.key ?? new Uint8Array(0));
  if (task.code === undefined) return "waiting";
  const first = task.code.parked(key);
  // Behind the first that waits all of the key wait.
  const waits = first !== undefined && letter.taskOffset >= first.offset;
  return waits && !redrives.waits(task.id, idOfKey(key)) ? "waiting" : "redriven";
}

interface Redrive {
  readonly letters: readonly LetterToRedrive[];
  readonly starts: readonly LetterStart[];
  readonly nowMs: number;
}

/** Inside a transaction: takes what waits, to be run in later turns, and what a target refused at once into the outbox. */
export function redrive(loaded: Loaded, task: AttachedTask, { letters, starts, nowMs }: Redrive): RedriveCounts {
  loaded.redrives.trim(task.id, starts);
  const counts = { waiting: 0, redriven: 0, former: 0, unfit: 0 };
  // Letters of one key are redriven together: seen before the first of them is taken.
  const states = letters.map((letter) => letterState(loaded, task, letter));
  for (const [at, letter] of letters.entries()) {
    const state = states[at] ?? "unfit";
    const taken = state !== "waiting" || take(loaded, task, { letter, nowMs });
    counts[taken ? state : "unfit"]++;
  }
  return counts;
}

function take(loaded: Loaded, task: AttachedTask, at: { letter: LetterToRedrive; nowMs: number }): boolean {
  const { redrives } = loaded;
  const { letter } = at;
  switch (letter.kind) {
    case "parked": {
      const key = keyText(letter.key ?? new Uint8Array(0));
      const id = idOfKey(key);
      if (!redrives.waits(task.id, id)) redrives.add(task.id, id, { kind: "parked", payload: key });
      return true;
    }
    case "record": {
      const { taskOffset: offset, key, value, timestampMs, headers } = letter;
      const payload = recordText({ offset, key, value, timestampMs, headers });
      if (payload.length > MAX_REDRIVEN_CHARACTERS) return false;
      redrives.add(task.id, idOf(letter), { kind: "record", payload });
      return true;
    }
    case "refused":
      return sendAgain(loaded, task, at);
    case "result":
      return false;
  }
}

/** A row that a target refused goes to it again, behind all that has been sent to it since (SNK-24). */
function sendAgain(
  { outbox, redrives, taskTable }: Loaded,
  task: AttachedTask,
  { letter, nowMs }: { letter: LetterToRedrive; nowMs: number },
): boolean {
  const { target = "", key, value, timestampMs, headers } = letter;
  const topical = target.startsWith("topic:");
  const known = topical ? isTopicOf(task, target) : task.d1Sink(target) !== undefined;
  const body = topical ? encodeBatch([{ key, value, timestampMs, headers }]) : value;
  if (!known || body === null) return false;
  const sequence = outbox.add(task.id, task.scopeOf(target), { target, records: 1, body, nowMs });
  const batchId = taskTable.lastBatchId(task.id);
  taskTable.journalRedrive(task.id, {
    position: task.position,
    redriven: { kind: "refused", batchId, batched: false, nowMs, target, sequence },
  });
  redrives.add(task.id, idOf(letter), { kind: "refused", payload: null });
  return true;
}

/** The letter may say anything, since anybody may write to its topic: what no task sends to would never leave the outbox. */
function isTopicOf({ outputs }: AttachedTask, target: string): boolean {
  const slash = target.lastIndexOf("/");
  const topic = target.slice("topic:".length, slash);
  const place = target.slice(slash + 1);
  const output = outputs[topic];
  return output !== undefined && !isInternal(topic) && /^\d{1,4}$/.test(place) && Number(place) < output.partitions;
}

function idOf({ partition, offset }: LetterPlace): string {
  return `${partition}/${offset}`;
}

function idOfKey(key: string): string {
  return `key:${key}`;
}
