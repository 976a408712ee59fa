import { expect, test } from "vitest";
import type { ConsumerRecord } from "../../../schema/record.ts";
import { UndoLog } from "../store/undo-log.ts";
import { MemoryStateStore } from "../store/memory-state-store.ts";
import { RunningTask } from "./running-task.ts";

const letter: ConsumerRecord = { key: null, value: new Uint8Array([49]), timestampMs: 0, headers: [], offset: 3 };

class Cell {
  value = 0;
  readonly #undo: UndoLog;

  constructor(undo: UndoLog) {
    this.#undo = undo;
  }

  set(value: number): void {
    this.#undo.save(this, this.value);
    this.value = value;
  }

  undo(saved: unknown): void {
    this.value = saved as number;
  }
}

function taskOf(): { task: RunningTask; cell: Cell } {
  const plan = {
    name: "p",
    version: 1,
    trigger: { kind: "perEvent" },
    deadLetterTopic: "dead",
    input: "in",
    nodes: [],
  } as const;
  const outputs = { dead: { partitions: 1 } };
  const counters = { recordsIn: 0, recordsOut: 0, lateRecords: 0, droppedRecords: 0, deadLetters: 0 };
  const ports = { store: new MemoryStateStore(), topic: "in", partition: 0, outputs, cacheBytes: 0 };
  const task = new RunningTask(plan, ports, { streamTimeMs: -1, clocks: {}, counters });
  return { task, cell: new Cell(task.undo) };
}

function fails(): never {
  throw new Error("no");
}

test("a unit inside another that fails takes back its own changes alone, and is a dead letter [TSK-9]", () => {
  const { task, cell } = taskOf();
  task.unit(
    () => letter,
    () => {
      cell.set(1);
      task.tally.recordsOut++;
      task.unit(
        () => letter,
        () => {
          cell.set(2);
          task.tally.recordsOut++;
          fails();
        },
      );
      expect(cell.value).toBe(1);
    },
  );
  expect(cell.value).toBe(1);
  expect(task.counters).toMatchObject({ recordsOut: 1, deadLetters: 1 });
  expect(task.run([], { nowMs: 0 }).rows).toMatchObject([{ target: "topic:dead/0", records: 1 }]);
});

test("when the unit around it fails, all of it goes, the inner dead letter too [TSK-9]", () => {
  const { task, cell } = taskOf();
  task.unit(
    () => letter,
    () => {
      task.unit(() => letter, fails);
      cell.set(1);
      fails();
    },
  );
  expect(cell.value).toBe(0);
  expect(task.counters).toMatchObject({ deadLetters: 1 });
  expect(task.run([], { nowMs: 0 }).rows).toMatchObject([{ records: 1 }]);
});

test("what an operator changes between units is not taken back by the next one [TSK-9]", () => {
  const { task, cell } = taskOf();
  cell.set(1);
  task.unit(() => letter, fails);
  expect(cell.value).toBe(1);
});
