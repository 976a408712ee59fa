import { storesOf } from "../durable-objects/core/plan/stores.ts";
import { liesByKey } from "../durable-objects/core/plan/windows.ts";
import { OrderedView } from "../durable-objects/core/read/ordered-view.ts";
import type { TaskPlan } from "../durable-objects/core/plan/task-plan.ts";
import type { SelectPort, SqlRow } from "../durable-objects/core/sql/select-port.ts";
import type { MemoryStateStore } from "../durable-objects/core/store/memory-state-store.ts";
import type { Windows } from "../schema/windows.ts";

/** The part of `node:sqlite` in use. */
interface Database {
  prepare(query: string): { all(...parameters: readonly (string | number | null)[]): SqlRow[] };
}

interface Sqlite {
  readonly DatabaseSync: new (path: string) => Database;
}

/** Where a module of Node can be had without an import that another runtime would fail at. */
interface NodeProcess {
  getBuiltinModule?(name: string): Sqlite | undefined;
}

/** SQLite over the rows of a task's memory. A relation is the rows as they are when it is asked for, as JSON in the text. */
export class TestSelect implements SelectPort {
  readonly #store: MemoryStateStore;
  readonly #plan: TaskPlan;
  #database: Database | undefined;

  constructor(store: MemoryStateStore, plan: TaskPlan) {
    this.#store = store;
    this.#plan = plan;
  }

  relation(store: string, windows: Windows | undefined): string {
    const kind = this.#plan.nodes.flatMap(storesOf).find(({ name }) => name === store)?.kind;
    const rows = this.#rows(store, windows, kind === "window");
    const text = JSON.stringify(rows).replaceAll("'", "''");
    const start = kind === "window" || windows !== undefined ? ", value ->> 3 AS start" : "";
    const end = kind === "ordered" ? `, value ->> 4 AS "end"` : "";
    return `SELECT value ->> 0 AS key, (value ->> 1) ->> '$' AS value, value ->> 2 AS timestamp${start}${end} FROM json_each('${text}')`;
  }

  #rows(store: string, windows: Windows | undefined, bySlot: boolean): (string | number)[][] {
    if (windows !== undefined && liesByKey(windows)) {
      const { rows } = new OrderedView({ store: this.#store, name: store, result: undefined }, windows).scan({
        limit: Infinity,
      });
      return rows.map(({ key, value, timestampMs, start = 0, end = 0 }) => [key, value, timestampMs, start, end]);
    }
    if (!bySlot)
      return this.#store.scan(store, {}, Infinity).map(({ key, value, timestampMs }) => [key, value, timestampMs]);
    return this.#store
      .scanWindows(store, {}, Infinity)
      .map(({ start, key, value, timestampMs }) => [key, value, timestampMs, start]);
  }

  select(query: string, parameters: readonly (string | number | null)[]): readonly SqlRow[] {
    return this.#open()
      .prepare(query)
      .all(...parameters);
  }

  #open(): Database {
    const { process } = globalThis as unknown as { process?: NodeProcess };
    const sqlite = process?.getBuiltinModule?.("node:sqlite");
    if (sqlite === undefined)
      throw new Error("batchSql in the test driver needs node:sqlite: run the test with Node 24.");
    return (this.#database ??= new sqlite.DatabaseSync(":memory:"));
  }
}
