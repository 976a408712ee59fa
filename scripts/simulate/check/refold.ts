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
import { inspectAll, type Remembered, rememberAll } from "../inspect.ts";
import type { LedgerTask, LoggedBatch, Skip } from "../ledger.ts";
import type { World } from "../world.ts";
import { redrivesAt, sentAgainLeftOut } from "./journaled.ts";
import { difference, sentBy, terminatedIn } from "./sent.ts";

/** State, progress and outbox of every task equal one fold of its own log and journal (SIM-3); of one that ended its outbox. */
export function checkRefold(world: World): string[] {
  const plans = world.everyPlan;
  const here = new Map(inspectAll(world).map((each) => [each.name, each]));
  return rememberAll(world).flatMap((partition) => {
    const { sql, tasks = [] } = here.get(partition.name) ?? {};
    return partition.ledger.tasks().flatMap((task) => {
      const row = tasks.find(({ id, state }) => id === task.id && state !== "detached");
      const kept = sql === undefined || row === undefined ? undefined : { sql, row };
      return new Refold({ world, plans }, { at: partition, task, kept }).failures();
    });
  });
}

/** A task, and what it has of state where it is there still. */
interface Folded {
  readonly at: Remembered;
  readonly task: LedgerTask;
  readonly kept: { readonly sql: SqlStorage; readonly row: TaskRow } | undefined;
}

class Refold {
  readonly #world: World;
  readonly #every: Plans;
  readonly #at: Remembered;
  readonly #task: LedgerTask;
  readonly #kept: Folded["kept"];
  readonly #records: readonly InputRecord[];
  readonly #terminated: ReadonlyMap<number, string>;
  readonly #skips: readonly Skip[];

  constructor({ world, plans }: { world: World; plans: Plans }, { at, task, kept }: Folded) {
    this.#world = world;
    this.#every = plans;
    this.#at = at;
    this.#task = task;
    this.#kept = kept;
    this.#skips = at.ledger.skips(task.id);
    this.#records = recordsOf(at.ledger.log(), isInternal(this.#input)).filter(
      ({ offset }) => !this.#skips.some(({ first, next }) => offset >= first && offset < next),
    );
    this.#terminated = terminatedIn(at.ledger.outbox(task.id));
  }

  failures(): string[] {
    const { pipeline, version, position } = this.#task;
    const plan = this.#every.task(pipeline, version, this.#input);
    if (plan === undefined) return [`SIM-3: ${this.#name}: its plan is not in the bundle`];
    const store = new MemoryStateStore();
    const code = this.#code(store, plan, undefined);
    const rows: OutboxRow[] = [];
    let progress: string | undefined;
    for (const { run, heard } of this.#steps()) {
      const result = run(code);
      rows.push(...(heard ? result.rows : result.rows.filter(({ target }) => isHeard(plan, target))));
      ({ progress } = result);
    }
    if (position === this.#task.startOffset) return [];
    const { ledger } = this.#at;
    const sent = sentAgainLeftOut(ledger.outbox(this.#task.id), ledger.journal(this.#task.id));
    const made = sent.map(({ target, made: body }) => ({ target, body }));
    return [
      ...this.#stateFailures(plan, { store, progress }),
      ...difference(`SIM-3: ${this.#name}: outbox`, { once: sentBy(rows), here: sentBy(made) }),
    ];
  }

  #stateFailures(plan: TaskPlan, once: { store: StateStore; progress: string | undefined }): string[] {
    if (this.#kept === undefined) return [];
    const { sql, row } = this.#kept;
    const kept = new SqliteStateStore(sql, this.#task.id);
    // Restored, as a wake would: what a store hides, it hides then.
    this.#code(kept, plan, row.progress);
    return [
      ...difference(`SIM-3: ${this.#name}: state`, { once: stateOf(plan, once.store), here: stateOf(plan, kept) }),
      ...difference(`SIM-3: ${this.#name}: progress`, { once: once.progress, here: row.progress }),
    ];
  }

  get #input(): string {
    return this.#task.input ?? this.#at.row.topic;
  }

  get #name(): string {
    return `task ${this.#task.id} of ${this.#task.pipeline} on ${this.#at.name}`;
  }

  /** A record that was tried again has passed in the end, or is a dead letter: once is enough. */
  get #plans(): Plans {
    const { pipeline, version } = this.#task;
    const plan = this.#every.get(pipeline, version);
    if (plan?.onError?.kind !== "retry") return this.#every;
    return new Plans([{ ...plan, onError: undefined }]);
  }

  #code(store: StateStore, plan: TaskPlan, progress: string | undefined): TaskPort {
    const row = { ...this.#task, progress, layout: this.#kept?.row.layout ?? "", wiring: this.#kept?.row.wiring };
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
    const { id, position, startOffset, ticking, heard: since } = this.#task;
    const journal = this.#at.ledger.journal(id);
    // The last tick was decided and has not run.
    if (ticking) journal.pop();
    let at = startOffset;
    let options = NO_CLOCK;
    for (const [index, row] of journal.entries()) {
      const heard = row.seq > since.behind;
      if (row.kind === "tick") {
        yield* this.#slices({ from: at, to: row.position, options });
        at = row.position;
        const tickOptions = tickOptionsOf(JSON.parse(row.payload) as Tick, row.position);
        yield { heard, run: (code) => code.tick(tickOptions) };
      } else if (row.kind === "redrive") {
        yield* this.#slices({ from: at, to: row.position, options });
        at = row.position;
        const again = redrivesAt(journal, index);
        const { lookups } = this.#found;
        if (again !== undefined)
          yield { heard, run: (code) => code.redrive(again.items, { ...again.options, lookups }) };
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
    const plan = this.#every.task(pipeline, version, this.#input);
    return { lookups: (call) => plan && foundIn(this.#world, plan, call) };
  }

  /** In two parts, where the task was unmuted in between. */
  *#slices({ from, to, options }: RecordSlice): Generator<Step> {
    const middle = Math.min(Math.max(from, this.#task.heard.from), to);
    yield* this.#part({ from, to: middle, options }, false);
    yield* this.#part({ from: middle, to, options }, true);
  }

  *#part(slice: RecordSlice, heard: boolean): Generator<Step> {
    const { from, to } = slice;
    const options = { ...slice.options, ...this.#found };
    const some = this.#records.filter(({ offset }) => offset >= from && offset < to);
    let at = 0;
    for (const [index, { offset }] of some.entries()) {
      const reason = this.#terminated.get(offset);
      if (reason === undefined) continue;
      const [before, one] = [some.slice(at, index), some.slice(index, index + 1)];
      if (before.length > 0) yield { heard, run: (code) => code.run(before, options) };
      yield { heard, run: (code) => code.run(one, { ...options, terminated: reason }) };
      at = index + 1;
    }
    const rest = some.slice(at);
    if (rest.length > 0) yield { heard, run: (code) => code.run(rest, options) };
  }
}

interface RecordSlice {
  readonly from: number;
  readonly to: number;
  readonly options: SliceOptions;
}

interface Step {
  /** Whether users' topics and sinks get what comes of it. */
  readonly heard: boolean;
  readonly run: (code: TaskPort) => SliceResult;
}

/** What a muted task sends all the same. */
function isHeard({ deadLetterTopic }: TaskPlan, target: string): boolean {
  return target.startsWith("topic:__") || target.startsWith(`topic:${deadLetterTopic}/`);
}

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
