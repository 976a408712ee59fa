import { MAX_PAGE } from "../schema/limits.ts";
import type { LetterState } from "../schema/rpc/task.ts";
import type { Transport } from "./transport.ts";

/** Which dead letters: of one partition of their topic, offsets `from <= offset < to` there, of one key. */
export interface DeadLetterFilter {
  readonly partition?: number | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly key?: string | undefined;
}

type Text = string | { readonly base64: string } | null;

export interface DeadLetter {
  /** Its place in the dead-letter topic. */
  readonly partition: number;
  readonly offset: number;
  /** `waiting` can be redriven; `redriven` was; `former` is of an incarnation that has ended; `unfit` is no record of the input. */
  readonly state: LetterState;
  readonly kind: "record" | "parked" | "result" | "refused";
  readonly error: string;
  readonly stack: string;
  /** Of the topology, at work when it failed. */
  readonly node: string;
  readonly version: number;
  readonly incarnation: number;
  /** What the task reads. */
  readonly topic: string;
  /** What refused it. */
  readonly target?: string | undefined;
  /** As it lies in `topic`, ms since epoch; the offset of what a target refused is -1. */
  readonly record: {
    readonly partition: number;
    readonly offset: number;
    readonly timestamp: number;
    readonly key: Text;
    readonly value?: unknown;
    readonly headers: { readonly [name: string]: Text };
  };
}

/** How many letters were in each state when they were to be redriven. */
export interface Redriven {
  /** Given to their tasks again by this call. */
  readonly redriven: number;
  readonly already: number;
  readonly former: number;
  readonly unfit: number;
  /** What to do about those that are unfit, where there are any. */
  readonly hint?: string | undefined;
}

interface Page {
  readonly deadLetters: readonly DeadLetter[];
  readonly cursor?: string | undefined;
}

/** Dead letters of one pipeline. Made by `client.pipelines.deadLetters`. */
export class DeadLetters {
  readonly #transport: Transport;
  readonly #pipeline: string;

  constructor(transport: Transport, pipeline: string) {
    this.#transport = transport;
    this.#pipeline = pipeline;
  }

  /**
   * Those there are, by partition and offset, page by page.
   *
   * @example
   * ```ts
   * import { Millrace } from "../sdk/index.ts";
   *
   * const client = new Millrace({ url: "http://127.0.0.1:8787" });
   * const letters = client.pipelines.deadLetters("totals");
   * for await (const { error, record, state } of letters.list()) console.log(state, error, record.key);
   * console.log(await letters.redrive({ key: "ada" }));
   * ```
   */
  async *list(filter: DeadLetterFilter = {}): AsyncGenerator<DeadLetter, void, undefined> {
    let cursor: string | undefined;
    do {
      const page: Page = await this.#transport.json({
        method: "GET",
        path: ["pipelines", this.#pipeline, "dead-letters"],
        query: { ...filter, cursor, limit: MAX_PAGE },
      });
      yield* page.deadLetters;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /**
   * Gives letters to their tasks again, each once however often it is asked; they run after this has resolved, and `drain`
   * waits for them. One that fails again is a new letter. Under `parkKey` all that waits of a key comes, in its order.
   */
  async redrive(filter: DeadLetterFilter = {}): Promise<Redriven> {
    const total = { redriven: 0, already: 0, former: 0, unfit: 0 };
    let hint: Pick<Redriven, "hint"> = {};
    let cursor: string | undefined;
    do {
      const some: Redriven & Pick<Page, "cursor"> = await this.#transport.json({
        method: "POST",
        path: ["pipelines", this.#pipeline, "redrive"],
        body: { ...filter, ...(cursor === undefined ? {} : { cursor }) },
      });
      for (const state of Object.keys(total) as (keyof typeof total)[]) total[state] += some[state];
      if (some.hint !== undefined) hint = { hint: some.hint };
      cursor = some.cursor;
    } while (cursor !== undefined);
    return { ...total, ...hint };
  }
}
