/**
 * Named timers over the object's one alarm. Due times live in a table with a copy in memory; the alarm is set only when it
 * must come earlier, because each `setAlarm` is a row written. All methods belong inside a write transaction or the alarm.
 */
export class Timers {
  readonly #storage: DurableObjectStorage;
  readonly #due = new Map<string, number>();
  /** The alarm comes at this time or earlier, so a timer that is due later needs none. */
  #alarmMs: number;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    for (const row of storage.sql.exec<{ name: string; due_ms: number }>("SELECT name, due_ms FROM timer")) {
      this.#due.set(row.name, row.due_ms);
    }
    // Rows and alarm are written together, so the alarm is set to the earliest row: one set now must not replace it (TIM-3).
    this.#alarmMs = this.#earliestMs();
  }

  get(name: string): number | undefined {
    return this.#due.get(name);
  }

  /** Sets or moves the timer. */
  set(name: string, dueMs: number): void {
    if (this.#due.get(name) === dueMs) return;
    this.#due.set(name, dueMs);
    this.#storage.sql.exec("INSERT OR REPLACE INTO timer (name, due_ms) VALUES (?, ?)", name, dueMs);
    if (dueMs < this.#alarmMs) this.#setAlarm(dueMs);
  }

  clear(name: string): void {
    if (this.#due.delete(name)) this.#storage.sql.exec("DELETE FROM timer WHERE name = ?", name);
  }

  /** How long the earliest timer has been overdue, ms: after an outage long. */
  overdueMs(nowMs: number): number {
    return Math.max(0, nowMs - this.#earliestMs());
  }

  /** Removes and names the timers that are due. */
  takeDue(nowMs: number): string[] {
    const names = [...this.#due].filter(([, dueMs]) => dueMs <= nowMs).map(([name]) => name);
    for (const name of names) this.clear(name);
    return names;
  }

  /** Sets the alarm to the earliest timer whatever was set before: the end of `alarm()`, and the watchdog's remedy. */
  rearm(nowMs: number): void {
    const earliest = this.#earliestMs();
    this.#alarmMs = earliest;
    // workerd#6866: an alarm set to now inside alarm() is lost.
    if (Number.isFinite(earliest)) this.#setAlarm(Math.max(earliest, nowMs + 1));
  }

  #earliestMs(): number {
    return Math.min(...this.#due.values());
  }

  #setAlarm(dueMs: number): void {
    this.#alarmMs = dueMs;
    void this.#storage.setAlarm(dueMs);
  }
}
