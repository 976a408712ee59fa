import { withBatchEnd } from "../../../durable-objects/core/log/batch-end.ts";
import { storesOf } from "../../../durable-objects/core/plan/stores.ts";
import { cellsOf, lookupQuery, rowsFound } from "../../../durable-objects/core/lookup/d1-rows.ts";
import type { LookupAnswer, LookupCall } from "../../../durable-objects/core/operator/operator.ts";
import type { TaskPlan } from "../../../durable-objects/core/plan/task-plan.ts";
import { MemoryStateStore } from "../../../durable-objects/core/store/memory-state-store.ts";
import type { StateStore, StoreKind } from "../../../durable-objects/core/store/state-store.ts";
import type {
  InputRecord,
  OutboxRow,
  SliceOptions,
  SliceResult,
  TaskPort,
} from "../../../durable-objects/core/task/task-port.ts";
import { PARKED_STORE } from "../../../durable-objects/core/task/parked-keys.ts";
import { decompress } from "../../../durable-objects/gzip.ts";
import { tickOptionsOf } from "../../../durable-objects/partition/slice.ts";
import { codeOf } from "../../../durable-objects/partition/task-code.ts";
import { Plans } from "../../../durable-objects/plans.ts";
import { SqliteStateStore } from "../../../durable-objects/sqlite/sqlite-state-store.ts";
import type { ClockLook, MicroBatch, TaskRow, Tick } from "../../../durable-objects/sqlite/task-table.ts";
import { isInternal } from "../../../schema/internal-topic.ts";
import { decodeRecords } from "../../../schema/record-batch/decode.ts";
import { TestSelect } from "../../../testing/test-select.ts";
import { type Inspected, inspectAll } from "../inspect.ts";
import type { LoggedBatch, Skip } from "../ledger.ts";
import type { World } from "../world.ts";
import { redrivesAt, sentAgainLeftOut } from "./journaled.ts";
import { difference, sentBy, terminatedIn } from "./sent.ts";

/** State, progress and outbox of every task equal one fold of its own log and journal (SIM-3). */
export function checkRefold(world: World): string[] {
  const failures: string[] = [];
  for (const partition of inspectAll(world)) {
    // The state of one that ended is gone.
    const tasks = partition.tasks.filter(({ state }) => state !== "detached");
    for (const task of tasks) failures.push(...new Refold(world, partition, task).failures());
  }
  return failures;
}

class Refold {
  readonly #world: World;
  readonly #at: Inspected;
  readonly #task: TaskRow;
  readonly #records: readonly InputRecord[];
  readonly #terminated: ReadonlyMap<number, string>;
  readonly #skips: readonly Skip[];

  constructor(world: World, at: Inspected, task: TaskRow) {
    this.#world = world;
    this.#at = at;
    this.#task = task;
    this.#skips = at.ledger.skips(task.id);
    this.#records = recordsOf(at.ledger.log(), isInternal(this.#input)).filter(
      ({ offset }) => !this.#skips.some(({ first, next }) => offset >= first && offset < next),
    );
    this.#terminated = terminatedIn(at.ledger.outbox(task.id));
  }

  failures(): string[] {
    const { pipeline, version, position } = this.#task;
    const plan = this.#world.plans.task(pipeline, version, this.#input);
    if (plan === undefined) return [`SIM-3: ${this.#name}: its plan is not in the bundle`];
    const store = new MemoryStateStore();
    const code = this.#code(store, plan, undefined);
    const rows: OutboxRow[] = [];
    let progress: string | undefined;
    for (const step of this.#steps()) {
      const result = step(code);
      rows.push(...result.rows);
      ({ progress } = result);
    }
    if (position === this.#task.startOffset) return [];
    const kept = new SqliteStateStore(this.#at.sql, this.#task.id);
    // Restored, as a wake would: what a store hides, it hides then.
    this.#code(kept, plan, this.#task.progress);
    const { ledger } = this.#at;
    const sent = sentAgainLeftOut(ledger.outbox(this.#task.id), ledger.journal(this.#task.id));
    const made = sent.map(({ target, made: body }) => ({ target, body }));
    return [
      ...difference(`SIM-3: ${this.#name}: state`, { once: stateOf(plan, store), here: stateOf(plan, kept) }),
      ...difference(`SIM-3: ${this.#name}: progress`, { once: progress, here: this.#task.progress }),
      ...difference(`SIM-3: ${this.#name}: outbox`, { once: sentBy(rows), here: sentBy(made) }),
    ];
  }

  get #input(): string {
    return this.#task.input ?? this.#at.row.topic;
  }

  get #name(): string {
    return `task of ${this.#task.pipeline} on ${this.#at.name}`;
  }

  /** A record that was tried again has passed in the end, or is a dead letter: once is enough. */
  get #plans(): Plans {
    const { pipeline, version } = this.#task;
    const plan = this.#world.plans.get(pipeline, version);
    if (plan?.onError?.kind !== "retry") return this.#world.plans;
    return new Plans([{ ...plan, onError: undefined }]);
  }

  #code(store: StateStore, plan: TaskPlan, progress: string | undefined): TaskPort {
    const row = { ...this.#task, progress };
    // What is kept is only looked at.
    const select = new TestSelect(store instanceof MemoryStateStore ? store : new MemoryStateStore(), plan);
    const { partition } = this.#at.row;
    const found = codeOf({ row, input: this.#input, partition, plans: this.#plans, store, select });
    if (found.kind !== "runs") throw new Error(`${this.#name} does not run: ${found.error}`);
    return found.code;
  }

  /**
   * The log in one piece, but for what was journaled: micro-batches, ticks, dead letters that came again, and one record alone
   * where a life ended on it. A batch that was decided and then trimmed has not run.
   */
  *#steps(): Generator<Step> {
    const { id, position, startOffset, tick } = this.#task;
    const journal = this.#at.ledger.journal(id);
    // The last tick was decided and has not run.
    if (tick !== undefined) journal.pop();
    let at = startOffset;
    let options = NO_CLOCK;
    for (const [index, row] of journal.entries()) {
      if (row.kind === "tick") {
        yield* this.#slices({ from: at, to: row.position, options });
        at = row.position;
        const tickOptions = tickOptionsOf(JSON.parse(row.payload) as Tick, row.position);
        yield (code) => code.tick(tickOptions);
      } else if (row.kind === "redrive") {
        yield* this.#slices({ from: at, to: row.position, options });
        at = row.position;
        const again = redrivesAt(journal, index);
        const { lookups } = this.#found;
        if (again !== undefined) yield (code) => code.redrive(again.items, { ...again.options, lookups });
      } else if (row.kind === "clock") {
        yield* this.#slices({ from: at, to: row.position, options });
        at = row.position;
        options = { ...NO_CLOCK, wallClockMs: (JSON.parse(row.payload) as ClockLook).wallClockMs };
      } else if (row.position < position && !this.#skips.some(({ first }) => first === row.position)) {
        const { batchId, to, nowMs } = JSON.parse(row.payload) as MicroBatch;
        const batch = { nowMs, wallClockMs: nowMs, microBatch: { batchId } };
        yield* this.#slices({ from: row.position, to, options: batch });
        at = to;
      }
    }
    const batched = journal.some(({ kind }) => kind === "microBatch");
    if (!batched) yield* this.#slices({ from: at, to: position, options });
  }

  /** What lookups find: the same whenever they look. */
  get #found(): Pick<SliceOptions, "lookups"> {
    const { pipeline, version } = this.#task;
    const plan = this.#world.plans.task(pipeline, version, this.#input);
    return { lookups: (call) => plan && foundIn(this.#world, plan, call) };
  }

  *#slices(slice: { from: number; to: number; options: SliceOptions }): Generator<Step> {
    const { from, to } = slice;
    const options = { ...slice.options, ...this.#found };
    const some = this.#records.filter(({ offset }) => offset >= from && offset < to);
    let at = 0;
    for (const [index, { offset }] of some.entries()) {
      const reason = this.#terminated.get(offset);
      if (reason === undefined) continue;
      const [before, one] = [some.slice(at, index), some.slice(index, index + 1)];
      if (before.length > 0) yield (code) => code.run(before, options);
      yield (code) => code.run(one, { ...options, terminated: reason });
      at = index + 1;
    }
    const rest = some.slice(at);
    if (rest.length > 0) yield (code) => code.run(rest, options);
  }
}

type Step = (code: TaskPort) => SliceResult;

/** Of the slices of a backlog only their order counts. */
const NO_CLOCK: SliceOptions = { nowMs: 0 };

/** What a table holds that nobody changes. */
function foundIn({ d1 }: World, { nodes }: TaskPlan, { node, key }: LookupCall): LookupAnswer | undefined {
  const source = nodes.find(({ name }) => name === node);
  if (source?.kind !== "lookup" || source.source.kind !== "d1") return undefined;
  const cells = cellsOf(source.source, JSON.parse(key));
  const rows = d1.database.prepare(lookupQuery(source.source)).all(JSON.stringify([cells]));
  const [found] = rowsFound(source.source, 1, rows);
  return { found: found === null ? null : JSON.stringify(found) };
}

function recordsOf(log: readonly LoggedBatch[], internal: boolean): InputRecord[] {
  return log.flatMap(({ body }) => {
    const records = decodeRecords(body, decompress);
    return internal ? [...withBatchEnd(body, records)] : records;
  });
}

const ALL = Number.MAX_SAFE_INTEGER;

function stateOf(plan: TaskPlan, store: StateStore): unknown {
  const stores = plan.nodes.flatMap(storesOf).map(({ name, kind }) => ({ name, kind }));
  if (plan.onError?.kind === "parkKey") stores.push({ name: PARKED_STORE, kind: "keyValue" });
  return stores.map(({ name, kind }) => [name, rowsOf(store, name, kind).map(columnsOf)]);
}

function rowsOf(store: StateStore, name: string, kind: StoreKind): readonly object[] {
  if (kind === "ordered") return store.ordered.scan(name, undefined, ALL);
  return kind === "window" ? store.scanWindows(name, undefined, ALL) : store.scan(name, undefined, ALL);
}

/** In one order, whatever the store's. */
function columnsOf(row: object): unknown {
  return Object.fromEntries(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
