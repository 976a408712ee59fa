import type { Faults } from "../faults.ts";
import type { Sabotage } from "../sabotage.ts";
import type { Schedule } from "../schedule.ts";
import type { Life, Outcome } from "./object.ts";

/** Who makes a call: an object in one of its lives, or a client, which never ends. */
export interface Caller {
  readonly name: string;
  readonly life?: Life | undefined;
}

/** What is at the other end. `answer` may be called later, once. */
export type Service = (request: unknown, answer: (outcome: Outcome) => void) => void;

export interface Call {
  /** For the trace: `orders-1/0 append`. */
  readonly what: string;
  /** Whose step its arrival is, for a service that is an object. */
  readonly to?: string | undefined;
  readonly request: unknown;
}

/**
 * Carries calls. What leaves an object waits at its output gate; on the way a call or its answer may be delayed, overtaken,
 * lost, and a call may arrive twice, also when nobody waits for it any more.
 */
export class Network {
  readonly #schedule: Schedule;
  readonly #faults: Faults;
  readonly #leaky: boolean;
  #calls = 0;

  constructor({ schedule, faults, sabotage }: { schedule: Schedule; faults: Faults; sabotage: Sabotage }) {
    this.#schedule = schedule;
    this.#faults = faults;
    this.#leaky = sabotage.leaky === true;
  }

  call(from: Caller, call: Call, service: Service): Promise<unknown> {
    const request = structuredClone(call.request);
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome): void => {
        if ("error" in outcome) reject(new Error(outcome.error));
        else resolve(outcome.value);
      };
      const send = (): void => this.#send(from, { ...call, request }, { service, settle });
      if (from.life === undefined || this.#leaky) send();
      else from.life.storage.whenDurable(send);
    });
  }

  #send(from: Caller, call: Call, { service, settle }: { service: Service; settle: (outcome: Outcome) => void }): void {
    const faults = this.#faults;
    const number = ++this.#calls;
    const way = `${from.name} -> ${call.what}`;
    const back = (outcome: Outcome, delayMs: number): void => {
      const what = `${from.name}: ${"error" in outcome ? `"${outcome.error}"` : answerOf(outcome.value)} of ${call.what} (call ${number})`;
      this.#schedule.after(delayMs, {
        what,
        owner: from.life ?? { alive: true, name: from.name },
        run: () => settle(outcome),
      });
    };
    const lost: Outcome = { error: "Network connection lost." };
    if (faults.happens("loseCall", way)) {
      this.#schedule.note(`${way}: lost on the way there (call ${number})`);
      back(lost, this.#delayMs(way));
      return;
    }
    const arrive = (answer: (outcome: Outcome) => void, delayMs: number): void => {
      this.#schedule.after(delayMs, {
        what: `${call.what} arrives from ${from.name} (call ${number})`,
        owner: { alive: true, name: call.to ?? call.what },
        run: () => service(structuredClone(call.request), answer),
      });
    };
    arrive(
      (outcome) => back(faults.happens("loseAnswer", way) ? lost : outcome, this.#delayMs(`answer of ${way}`)),
      this.#delayMs(way),
    );
    if (faults.happens("repeatCall", way)) arrive(() => undefined, this.#delayMs(`repeated ${way}`));
  }

  #delayMs(way: string): number {
    return this.#faults.happens("late", way) ? this.#faults.longMs(way) : this.#faults.delayMs(way);
  }
}

function answerOf(value: unknown): string {
  const answer = value as { ok?: unknown; code?: unknown } | null | undefined;
  return answer?.ok === false ? String(answer.code) : "answer";
}
