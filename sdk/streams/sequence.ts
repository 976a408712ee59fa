import type { PatternStep, RecordContext } from "../../schema/plan.ts";
import { type Duration, durationMs } from "./duration.ts";

/** What the steps so far have taken, by their names, in order. */
type Taken<Value, Names extends string> = { readonly [name in Names]: readonly Value[] };

type Predicate<Value, Names extends string> = (
  value: Value,
  taken: Taken<Value, Names>,
  context: RecordContext,
) => boolean;

/**
 * How often a step takes a record: `2` is exactly two, `[1, 3]` one to three, `[0, 1]` perhaps one, `[1, Infinity]` one or
 * more. Once unless given.
 *
 * @example
 * import type { Times } from "../sdk/streams/index.ts";
 *
 * const oneOrMore: Times = [1, Infinity];
 */
export type Times = number | readonly [min: number, max: number];

/**
 * Steps that records of one key take one after another, in order of arrival. `first` and `next` take the very next records
 * of the key, `later` lets others lie between. A match is found with the record that gives its last step the least it
 * needs, so a last step is never optional.
 *
 * @example
 * import { sequence } from "../sdk/streams/index.ts";
 *
 * interface Payment { readonly amount: number }
 *
 * const testedCard = sequence<Payment>("10 minutes")
 *   .first("small", (payment) => payment.amount < 1, { times: [1, 5] })
 *   .later("large", (payment) => payment.amount > 500);
 */
export class Sequence<Value, Names extends string> {
  readonly withinMs: number;
  readonly steps: readonly PatternStep[];

  constructor(withinMs: number, steps: readonly PatternStep[]) {
    this.withinMs = withinMs;
    this.steps = steps;
  }

  /**
   * The step that a match begins with.
   *
   * @example
   * import { sequence } from "../sdk/streams/index.ts";
   *
   * const high = sequence<{ degrees: number }>("1 hour").first("high", (reading) => reading.degrees > 90);
   */
  first<const Name extends string>(
    name: Name,
    predicate: Predicate<Value, Names>,
    options: { readonly times?: Times } = {},
  ): Sequence<Value, Names | Name> {
    if (this.steps.length > 0) throw new Error(`Step "${name}" is not the first one. Use next or later.`);
    return this.#with({ name, predicate, contiguity: "next", ...options });
  }

  /**
   * Takes the very next record of the key, or no match comes of it.
   *
   * @example
   * import { sequence } from "../sdk/streams/index.ts";
   *
   * const rising = sequence<number>("1 minute")
   *   .first("low", (degrees) => degrees < 50)
   *   .next("high", (degrees) => degrees > 90, { times: [2, Infinity] });
   */
  next<const Name extends string>(
    name: Name,
    predicate: Predicate<Value, Names>,
    options: { readonly times?: Times } = {},
  ): Sequence<Value, Names | Name> {
    return this.#with({ name, predicate, contiguity: "next", ...options });
  }

  /**
   * Takes a record that may come after others; one of those for which `unless` is true ends the attempt.
   *
   * @example
   * import { sequence } from "../sdk/streams/index.ts";
   *
   * const abandoned = sequence<{ kind: string }>("1 hour")
   *   .first("cart", ({ kind }) => kind === "cart")
   *   .later("exit", ({ kind }) => kind === "exit", { unless: ({ kind }) => kind === "order" });
   */
  later<const Name extends string>(
    name: Name,
    predicate: Predicate<Value, Names>,
    options: { readonly times?: Times; readonly unless?: Predicate<Value, Names> } = {},
  ): Sequence<Value, Names | Name> {
    return this.#with({ name, predicate, contiguity: "later", ...options });
  }

  #with<Name extends string>(step: {
    readonly name: Name;
    readonly predicate: Predicate<Value, Names>;
    readonly contiguity: PatternStep["contiguity"];
    readonly times?: Times;
    readonly unless?: Predicate<Value, Names>;
  }): Sequence<Value, Names | Name> {
    const { name, contiguity, times = 1 } = step;
    const [min, max] = typeof times === "number" ? [times, times] : times;
    const predicate = step.predicate as PatternStep["predicate"];
    const unless = step.unless as PatternStep["unless"];
    return new Sequence(this.withinMs, [...this.steps, { name, predicate, contiguity, unless, min, max }]);
  }
}

/**
 * Begins a sequence; `within` is the most time between its first record and its last, by record time.
 *
 * @example
 * import { pipeline, sequence } from "../sdk/streams/index.ts";
 *
 * interface Login { readonly ok: boolean }
 *
 * const guessed = sequence<Login>("1 minute")
 *   .first("failed", (login) => !login.ok, { times: [3, Infinity] })
 *   .next("ok", (login) => login.ok);
 *
 * pipeline("guessed", ({ stream }) =>
 *   stream<Login>("logins")
 *     .match(guessed, { select: ({ failed }, user) => ({ user, attempts: failed.length }) })
 *     .to("guessed-passwords"),
 * );
 */
export function sequence<Value>(within: Duration): Sequence<Value, never> {
  return new Sequence(durationMs(within), []);
}
