import type { ProducerState } from "../core/log/producer-state.ts";
import { lastSequenceOf } from "../core/log/producer-state.ts";

/** States kept in memory at once; others are read again when they return. */
const CACHED_PRODUCERS = 1_000;

/** Producers by `request:<id>` or `batch:<id>`: the two kinds of sequence never meet. */
export class ProducerTable {
  readonly #sql: SqlStorage;
  readonly #cache = new Map<string, ProducerState | undefined>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get(id: string): ProducerState | undefined {
    if (this.#cache.has(id)) return this.#cache.get(id);
    const row = this.#sql.exec<{ state: string }>("SELECT state FROM producer WHERE id = ?", id).toArray()[0];
    const state = row === undefined ? undefined : (JSON.parse(row.state) as ProducerState);
    this.#remember(id, state);
    return state;
  }

  set(id: string, state: ProducerState, nowMs: number): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO producer (id, epoch, last_sequence, last_seen_ms, state) VALUES (?, ?, ?, ?, ?)",
      id,
      state.epoch,
      lastSequenceOf(state),
      nowMs,
      JSON.stringify(state),
    );
    this.#remember(id, state);
  }

  /** Forgets producers silent since `beforeMs`; a scan, so seldom. */
  expire(beforeMs: number): void {
    this.#sql.exec("DELETE FROM producer WHERE last_seen_ms < ?", beforeMs);
    this.#cache.clear();
  }

  #remember(id: string, state: ProducerState | undefined): void {
    this.#cache.delete(id);
    this.#cache.set(id, state);
    if (this.#cache.size > CACHED_PRODUCERS) this.#cache.delete(this.#cache.keys().next().value ?? "");
  }
}
