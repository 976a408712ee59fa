import { vi } from "vitest";
import { ForeignKeyResult } from "../../../durable-objects/core/operator/foreign-key-result.ts";
import { SessionRows } from "../../../durable-objects/core/operator/session-rows.ts";
import type { StreamRecord } from "../../../durable-objects/core/operator/stream-record.ts";
import { ParkedKeys } from "../../../durable-objects/core/task/parked-keys.ts";
import { BatchCalls } from "../../../durable-objects/partition/batch-calls.ts";
import { Retries } from "../../../durable-objects/partition/retries.ts";
import { UndoLog } from "../../../durable-objects/core/store/undo-log.ts";
import { PartitionObject } from "../../../durable-objects/partition-object.ts";
import { OutboxTable } from "../../../durable-objects/sqlite/outbox-table.ts";
import { ProducerTable } from "../../../durable-objects/sqlite/producer-table.ts";
import { NO_SABOTAGE, type Sabotage } from "../sabotage.ts";
import type { ChangeKind } from "../workload/plan.ts";

/** An engine with one thing wrong, and the rule that finds it. */
export interface Broken {
  readonly what: string;
  readonly rule: string;
  /** Shows in runs with a pipeline of this kind alone, */
  readonly kind?: string;
  /** or where people do this. */
  readonly change?: ChangeKind;
  /** Anew for each run; mocks are the test's to restore. */
  readonly sabotage: () => Sabotage;
}

const ALL_OFFSETS: ReadonlySet<number> = new Set(Array.from({ length: 1_000 }, (_, offset) => offset));

/** True at every n-th call. */
export function everyNth(n: number): () => boolean {
  let calls = 0;
  return () => ++calls % n === 0;
}

/** Leaves out every n-th statement of a kind. */
export function skipping(part: string, n: number): () => Sabotage {
  return () => {
    const hit = everyNth(n);
    return { skips: (query) => query.includes(part) && hit() };
  };
}

export const brokenEngines: readonly Broken[] = [
  { what: "a partition forgets what it took from a task", rule: "SIM-4", sabotage: skipping("INTO upstream", 10) },
  {
    what: "a partition forgets what it took from a producer",
    rule: "SIM-5",
    sabotage: () => {
      // oxlint-disable-next-line typescript/unbound-method -- called with its object below
      const { get } = ProducerTable.prototype;
      const hit = everyNth(5);
      vi.spyOn(ProducerTable.prototype, "get").mockImplementation(function (this: ProducerTable, id) {
        return hit() ? undefined : get.call(this, id);
      });
      return NO_SABOTAGE;
    },
  },
  {
    what: "a slice is committed without its position",
    rule: "SIM-3",
    sabotage: skipping("UPDATE task SET position", 20),
  },
  { what: "the boundary of a micro-batch is not journaled", rule: "SIM-3", sabotage: skipping("INTO journal", 5) },
  {
    what: "time goes on without being journaled",
    kind: "quiet",
    rule: "SIM-3",
    sabotage: skipping("'tick'", 3),
  },
  {
    what: "the clock is looked at without being journaled",
    kind: "alarms",
    rule: "SIM-3",
    sabotage: skipping("'clock'", 3),
  },
  {
    what: "D1 takes a batch whatever came before it",
    rule: "SIM-4",
    sabotage: skipping("UPDATE millrace_progress", 1),
  },
  {
    what: "an R2 object takes rows that came after it was decided",
    kind: "archive",
    rule: "SIM-4",
    sabotage: () => {
      // oxlint-disable-next-line typescript/unbound-method -- called with its object below
      const { rows } = OutboxTable.prototype;
      // oxlint-disable-next-line max-params -- the method's
      vi.spyOn(OutboxTable.prototype, "rows").mockImplementation(function (this: OutboxTable, task, target, bounds) {
        return rows.call(this, task, target, { ...bounds, to: undefined });
      });
      return NO_SABOTAGE;
    },
  },
  { what: "a delivery leaves before its cause is durable", rule: "SIM-4", sabotage: () => ({ leaky: true }) },
  {
    what: "a slice is committed without some of what it sends",
    rule: "SIM-3",
    sabotage: () => {
      // oxlint-disable-next-line typescript/unbound-method -- called with its object below
      const { add } = OutboxTable.prototype;
      const hit = everyNth(20);
      vi.spyOn(OutboxTable.prototype, "add").mockImplementation(function (this: OutboxTable, ...row) {
        return hit() ? 0 : add.apply(this, row);
      });
      return NO_SABOTAGE;
    },
  },
  {
    what: "a stream begins before its table has been read",
    kind: "costed",
    rule: "SIM-6",
    sabotage: () => {
      vi.spyOn(PartitionObject.prototype, "drain").mockResolvedValue({ ok: true });
      return NO_SABOTAGE;
    },
  },
  {
    what: "what a record did that fails is not undone",
    kind: "undone",
    rule: "SIM-6",
    sabotage: () => {
      vi.spyOn(UndoLog.prototype, "rollback").mockImplementation(() => undefined);
      return NO_SABOTAGE;
    },
  },
  {
    what: "sessions and lists are written without some of their rows",
    kind: "sessions",
    rule: "SIM-3",
    sabotage: skipping("INTO ordered_state", 10),
  },
  {
    what: "sessions that another has taken up stay",
    kind: "sessions",
    rule: "SIM-6",
    sabotage: () => {
      vi.spyOn(SessionRows.prototype, "remove").mockImplementation(() => undefined);
      return NO_SABOTAGE;
    },
  },
  {
    what: "a result of a foreign-key join counts however old it is",
    kind: "references",
    rule: "SIM-6",
    sabotage: () => {
      // oxlint-disable-next-line typescript/unbound-method -- called with its object below
      const { process } = ForeignKeyResult.prototype;
      let version = 1e12;
      vi.spyOn(ForeignKeyResult.prototype, "process").mockImplementation(function (this: ForeignKeyResult, result) {
        const [, row] = result.value as [number, unknown];
        process.call(this, Object.create(result, { value: { value: [++version, row] } }) as StreamRecord);
      });
      return NO_SABOTAGE;
    },
  },
  {
    what: "a record that fails for a while is given up",
    kind: "retried",
    rule: "SIM-6",
    sabotage: () => {
      vi.spyOn(Retries.prototype, "givenUp").mockImplementation(() => ALL_OFFSETS);
      return NO_SABOTAGE;
    },
  },
  {
    what: "a key goes on behind its record that failed",
    kind: "parked",
    rule: "SIM-6",
    sabotage: () => {
      vi.spyOn(ParkedKeys.prototype, "count").mockImplementation(() => 0);
      return NO_SABOTAGE;
    },
  },
  {
    what: "a micro-batch is committed that its async function has not seen",
    kind: "called",
    rule: "SIM-10",
    sabotage: () => {
      // oxlint-disable-next-line typescript/unbound-method -- called with its object below
      const { call } = BatchCalls.prototype;
      const hit = everyNth(4);
      vi.spyOn(BatchCalls.prototype, "call").mockImplementation(async function (this: BatchCalls, ...given) {
        if (!hit()) await call.apply(this, given);
      });
      return NO_SABOTAGE;
    },
  },
  {
    what: "changes that are held back are forgotten with the memory",
    kind: "heldBack",
    rule: "SIM-3",
    sabotage: skipping("INTO window_state", 6),
  },
];
