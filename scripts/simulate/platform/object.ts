import type { WallClock } from "../../../durable-objects/wall-clock.ts";
import type { Faults } from "../faults.ts";
import type { Sabotage } from "../sabotage.ts";
import type { Schedule } from "../schedule.ts";
import { Disk } from "./disk.ts";
import { SimulatedStorage } from "./storage.ts";

/** An object in memory: what the platform calls. */
export interface Instance {
  alarm?(): Promise<void>;
}

export type Outcome = { readonly value: unknown } | { readonly error: string };

export interface ObjectParts {
  readonly name: string;
  readonly partition: boolean;
  readonly schedule: Schedule;
  readonly faults: Faults;
  readonly sabotage: Sabotage;
  /** Makes it anew: at its first call, and after each end. */
  readonly create: (life: Life) => Instance;
}

const ALARM_AGAIN_MS = 2_000;
/** The platform's: then the alarm is given up. */
const ALARM_TRIES = 6;
/** How far clocks of machines are apart, at most. */
const CLOCK_SKEW_MS = 20;

/** One life of an object, from a wake to its end. */
export class Life {
  readonly name: string;
  readonly storage: SimulatedStorage;
  readonly clock: WallClock;
  alive = true;
  instance: Instance | undefined;
  /** Who waits for answers of this life. */
  readonly callers = new Set<(outcome: Outcome) => void>();

  constructor(object: SimulatedObject, disk: Disk, { schedule, faults, sabotage, name }: ObjectParts) {
    this.name = name;
    const alive = (): boolean => this.alive;
    this.storage = new SimulatedStorage(disk, { alive, onOpen: () => object.opened(this), skips: sabotage.skips });
    this.storage.onSync = (resolve) =>
      this.storage.whenDurable(() => {
        schedule.after(0, { what: `${name}: goes on after sync`, owner: this, run: resolve });
      });
    const skewMs = faults.skewMs(name, CLOCK_SKEW_MS);
    this.clock = {
      now: () => schedule.nowMs + skewMs,
      after: (pauseMs, wake) =>
        schedule.after(pauseMs, { what: `${name}: a pause of ${pauseMs} ms is over`, owner: this, run: wake }),
    };
  }
}

/** A Durable Object: at most one life at a time, over one disk. */
export class SimulatedObject {
  readonly name: string;
  readonly disk: Disk;
  readonly #parts: ObjectParts;
  #life: Life | undefined;
  #alarmRuns = false;
  #tries = 0;
  /** The time of the alarm that the schedule knows of. */
  #scheduledMs: number | undefined;

  constructor(parts: ObjectParts) {
    this.name = parts.name;
    this.disk = new Disk({ partition: parts.partition });
    this.#parts = parts;
  }

  get life(): Life | undefined {
    return this.#life;
  }

  /** The life at work; begins one where there is none. Throws where that is not possible. */
  wake(): Life {
    if (this.#life !== undefined) return this.#life;
    const life = new Life(this, this.disk, this.#parts);
    this.#life = life;
    this.#parts.schedule.note(`${this.name}: wakes`);
    try {
      life.instance = this.#parts.create(life);
    } catch (error) {
      this.end(`could not begin: ${String(error)}`);
      throw error;
    }
    return life;
  }

  /** Something was written: it will be durable, but not at once. */
  opened(life: Life): void {
    const { schedule, faults } = this.#parts;
    const slow = faults.happens("slowDisk", this.name) ? 1_000 : 0;
    const run = (): void => {
      life.storage.commit();
      this.#armAlarm();
    };
    schedule.after(slow + Math.min(50, faults.delayMs(`disk of ${this.name}`)), {
      what: `${this.name}: what it wrote is durable`,
      owner: life,
      run,
    });
  }

  /** A call arrives. `answer` is called once, when the answer may leave, or when the life ends before. */
  receive(method: string, request: unknown, answer: (outcome: Outcome) => void): void {
    let life: Life;
    try {
      life = this.wake();
    } catch (error) {
      answer({ error: textOf(error) });
      return;
    }
    const once = (outcome: Outcome): void => {
      if (life.callers.delete(once)) answer(outcome);
    };
    life.callers.add(once);
    const leave = (outcome: Outcome): void => life.storage.whenDurable(() => once(outcome));
    invoke(life.instance, method, request).then(
      (value) => leave({ value: structuredClone(value) }),
      (error: unknown) => leave({ error: textOf(error) }),
    );
  }

  /** Memory is gone, and what was not durable. */
  end(why: string): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    life.alive = false;
    const lost = life.storage.lose();
    this.#parts.schedule.note(`${this.name}: ENDS, ${why}${lost ? "; what it last wrote is lost" : ""}`);
    for (const caller of life.callers) caller({ error: "the object was reset" });
    this.#scheduledMs = undefined;
    if (this.#alarmRuns) {
      this.#alarmRuns = false;
      this.#alarmAgain();
    } else this.#armAlarm();
  }

  /** Sees to it that the durable alarm comes. */
  #armAlarm(): void {
    const { schedule, faults, name } = this.#parts;
    const dueMs = this.disk.alarmMs;
    if (dueMs === undefined || dueMs === this.#scheduledMs || this.#alarmRuns) return;
    this.#scheduledMs = dueMs;
    const lateMs = faults.happens("lateAlarm", name) ? faults.longMs(name) : 0;
    // Not at once: the object's clock may be behind, and then it sets the same time again.
    schedule.after(Math.max(1, dueMs - schedule.nowMs) + lateMs, {
      what: `${name}: alarm${lateMs > 0 ? `, ${lateMs} ms late` : ""}`,
      owner: { alive: true, name },
      run: () => this.#alarm(dueMs),
    });
  }

  #alarm(dueMs: number): void {
    // Another time was set, or it was done.
    if (this.#scheduledMs !== dueMs) return;
    // Also while one runs, which may set the same time again: that is armed when it ends.
    this.#scheduledMs = undefined;
    if (this.disk.alarmMs === dueMs && !this.#alarmRuns) this.#runAlarm();
  }

  #runAlarm(): void {
    let life: Life;
    try {
      life = this.wake();
    } catch {
      this.#alarmAgain();
      return;
    }
    this.#alarmRuns = true;
    life.storage.alarmBegins();
    const ended = (failed: boolean): void => {
      if (!life.alive) return;
      life.storage.whenDurable(() => this.#alarmEnded(life, failed));
    };
    invoke(life.instance, "alarm", undefined).then(
      () => ended(false),
      () => ended(true),
    );
  }

  #alarmEnded(life: Life, failed: boolean): void {
    const { faults, name } = this.#parts;
    this.#alarmRuns = false;
    if (failed) {
      this.#alarmAgain();
      return;
    }
    this.#tries = 0;
    // The alarm that has been run is gone, unless another was set meanwhile.
    life.storage.alarmDone();
    if (faults.happens("repeatAlarm", name)) this.#schedule(`${name}: alarm again, though it was done`, 1);
    this.#armAlarm();
  }

  #alarmAgain(): void {
    if (++this.#tries > ALARM_TRIES) {
      this.#parts.schedule.note(`${this.name}: its alarm is given up`);
      this.#tries = 0;
      return;
    }
    this.#schedule(`${this.name}: alarm again`, ALARM_AGAIN_MS * 2 ** (this.#tries - 1));
  }

  #schedule(what: string, pauseMs: number): void {
    this.#parts.schedule.after(pauseMs, {
      what,
      owner: { alive: true, name: this.name },
      run: () => {
        if (!this.#alarmRuns) this.#runAlarm();
      },
    });
  }
}

async function invoke(instance: Instance | undefined, method: string, request: unknown): Promise<unknown> {
  const call = (instance as { [name: string]: ((request: unknown) => Promise<unknown>) | undefined } | undefined)?.[
    method
  ];
  if (call === undefined) throw new TypeError(`The RPC receiver does not implement the method "${method}".`);
  return call.call(instance, request);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
