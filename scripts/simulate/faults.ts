import type { Randomness } from "./random.ts";

/** How often each fault comes, as a probability at each occasion. */
export interface Rates {
  /** An object ends after a step of its own, and with it what was not yet durable. */
  readonly crash: number;
  /** All objects end at once. */
  readonly blackout: number;
  /** A call is lost on its way there, */
  readonly loseCall: number;
  /** its answer on the way back, */
  readonly loseAnswer: number;
  /** or it arrives twice. */
  readonly repeatCall: number;
  /** A call or an answer takes longer than anybody waits for it. */
  readonly late: number;
  /** An alarm comes late, */
  readonly lateAlarm: number;
  /** or again after it was done. */
  readonly repeatAlarm: number;
  /** A write is not durable for a while. */
  readonly slowDisk: number;
}

export type Fault = keyof Rates;

export const NO_FAULTS: Rates = {
  crash: 0,
  blackout: 0,
  loseCall: 0,
  loseAnswer: 0,
  repeatCall: 0,
  late: 0,
  lateAlarm: 0,
  repeatAlarm: 0,
  slowDisk: 0,
};

/** What goes wrong, and how long things take. */
export class Faults {
  readonly #random: Randomness;
  readonly #rates: Rates;
  readonly #only: ReadonlySet<string> | undefined;
  readonly #prompt: boolean;
  readonly #calm: boolean;
  /** What happened, each under a name that is the same in a run of the same seed. */
  readonly happened: string[] = [];
  #over = false;

  /** `only`: no fault happens but these. `prompt`: messages take no time. */
  constructor(
    random: Randomness,
    plan: { rates: Rates; only?: readonly string[] | undefined; prompt?: boolean | undefined },
  ) {
    const { rates, only, prompt = false } = plan;
    this.#random = random;
    this.#rates = rates;
    this.#only = only && new Set(only);
    this.#prompt = prompt;
    this.#calm = Object.values(rates).every((rate) => rate === 0);
  }

  happens(fault: Fault, place: string): boolean {
    if (this.#calm) return false;
    const dice = this.#random.of(`${fault} ${place}`);
    if (!dice.chance(this.#rates[fault]) || this.#over) return false;
    const name = `${fault} ${place} #${dice.count}`;
    if (this.#only?.has(name) === false) return false;
    this.happened.push(name);
    return true;
  }

  get over(): boolean {
    return this.#over || this.#calm;
  }

  /** From here on everything works. */
  end(): void {
    this.#over = true;
  }

  /** Of a message, ms: mostly none, sometimes so long that others overtake it. */
  delayMs(place: string): number {
    if (this.#calm || this.#prompt) return 0;
    const dice = this.#random.of(`delay ${place}`);
    const kind = dice.next();
    const size = dice.next();
    if (kind < 0.5 || this.#over) return 0;
    if (kind < 0.8) return Math.floor(size * 4);
    return Math.floor(size * (kind < 0.98 ? 60 : 3_000));
  }

  /** How far the clock of a machine goes wrong, ms. */
  skewMs(place: string, most: number): number {
    return this.#calm ? 0 : this.#random.of(`skew ${place}`).between(-most, most);
  }

  /** How long a deploy takes to reach an object. */
  deployMs(place: string): number {
    return this.#random.of(`deploy ${place}`).between(0, 20_000);
  }

  /** Longer than a delivery waits for its answer. */
  longMs(place: string): number {
    return 20_000 + this.#random.of(`long ${place}`).between(0, 40_000);
  }
}
