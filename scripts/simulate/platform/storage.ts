import type { Sabotage } from "../sabotage.ts";
import type { Disk } from "./disk.ts";
import { SimulatedSql } from "./sql.ts";

/** An alarm as one life sees it. */
interface Alarm {
  readonly ms: number | undefined;
  /** Set or taken away, and not yet durable. */
  readonly changed: boolean;
  /** Since the handler began. */
  readonly setInHandler: boolean;
}

interface Mark {
  /** The savepoint is there: something was written inside. */
  begun: boolean;
  readonly alarm: Alarm;
}

/**
 * `DurableObjectStorage` for one life of an object. What is written is in a transaction of SQLite until the platform calls
 * `commit`: only then it is durable, and only then leaves what waits at the output gate.
 */
export class SimulatedStorage {
  readonly sql: SimulatedSql;
  readonly #disk: Disk;
  readonly #onOpen: () => void;
  readonly #marks: Mark[] = [];
  readonly #alive: () => boolean;
  #open = false;
  #alarm: Alarm;
  #gate: (() => void)[] = [];

  /** `onOpen` is called when something is written that is not durable yet. */
  constructor(
    disk: Disk,
    { onOpen, alive, skips }: { onOpen: () => void; alive: () => boolean; skips: Sabotage["skips"] },
  ) {
    this.#disk = disk;
    this.#onOpen = onOpen;
    this.#alive = alive;
    this.#alarm = { ms: disk.alarmMs, changed: false, setInHandler: false };
    this.sql = new SimulatedSql(disk, {
      write: () => this.#beforeWrite(),
      alive,
      skips,
    });
  }

  transactionSync<T>(work: () => T): T {
    if (!this.#alive()) throw new Error("the object has ended");
    const mark: Mark = { begun: false, alarm: this.#alarm };
    this.#marks.push(mark);
    const name = `mark${this.#marks.length}`;
    try {
      const result = work();
      if (mark.begun) this.#disk.database.exec(`RELEASE ${name}`);
      return result;
    } catch (error) {
      if (mark.begun && this.#alive()) this.#disk.database.exec(`ROLLBACK TO ${name}; RELEASE ${name}`);
      this.#alarm = mark.alarm;
      throw error;
    } finally {
      this.#marks.pop();
    }
  }

  async setAlarm(at: number | Date): Promise<void> {
    this.#setAlarm(Number(at));
  }

  async deleteAlarm(): Promise<void> {
    this.#setAlarm(undefined);
  }

  async getAlarm(): Promise<number | null> {
    return this.#alarm.ms ?? null;
  }

  #setAlarm(ms: number | undefined): void {
    this.#beforeWrite();
    this.#alarm = { ms, changed: true, setInHandler: true };
  }

  /** The alarm comes: for its handler there is none, on disk it stays until the handler is done. */
  alarmBegins(): void {
    this.#alarm = { ms: undefined, changed: this.#alarm.changed, setInHandler: false };
  }

  /** The handler is done, and what it wrote durable. */
  alarmDone(): void {
    if (!this.#alarm.setInHandler) this.#disk.alarmMs = undefined;
  }

  sync(): Promise<void> {
    return new Promise((resolve) => this.onSync(resolve));
  }

  /** How a `sync` ends: given by the object. */
  onSync: (resolve: () => void) => void = (resolve) => this.whenDurable(resolve);

  /** The output gate. */
  whenDurable(leave: () => void): void {
    if (this.#open) this.#gate.push(leave);
    else leave();
  }

  get open(): boolean {
    return this.#open;
  }

  commit(): void {
    if (!this.#open) return;
    this.#disk.database.exec("COMMIT");
    if (this.#alarm.changed) this.#disk.alarmMs = this.#alarm.ms;
    this.#alarm = { ...this.#alarm, changed: false };
    this.#open = false;
    const gate = this.#gate;
    this.#gate = [];
    for (const leave of gate) leave();
  }

  /** The life has ended: what was not durable has never been. Answers whether there was something. */
  lose(): boolean {
    if (!this.#open) return false;
    this.#disk.database.exec("ROLLBACK");
    this.#open = false;
    this.#gate = [];
    return true;
  }

  #beforeWrite(): void {
    if (!this.#open) {
      this.#disk.database.exec("BEGIN");
      this.#open = true;
      this.#onOpen();
    }
    for (const [index, mark] of this.#marks.entries()) {
      if (mark.begun) continue;
      this.#disk.database.exec(`SAVEPOINT mark${index + 1}`);
      mark.begun = true;
    }
  }
}
