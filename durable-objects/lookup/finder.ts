import { MAX_LOOKUP_PAUSE_MS, MAX_LOOKUP_VALUE_BYTES } from "../../schema/limits.ts";
import type { LookupNode } from "../../schema/plan.ts";
import type { LookupAnswer } from "../core/operator/operator.ts";
import { jsonText } from "../core/store/state-value.ts";
import { withDeadline } from "../partition/with-deadline.ts";
import type { WallClock } from "../wall-clock.ts";
import { type Find, findOf } from "./find.ts";
import { type AnswerRoom, charactersOf } from "./answer-room.ts";
import { LookupCache } from "./lookup-cache.ts";

export interface FinderHost {
  readonly env: unknown;
  readonly clock: WallClock;
  /** A call is made. */
  readonly called: () => void;
  /** A call failed and is made again. */
  readonly failed: (reason: string) => void;
}

/** What becomes of the answers of a call. */
interface Taker {
  readonly wanted: (key: string) => boolean;
  readonly take: (key: string, answer: LookupAnswer) => void;
}

/** Finds what one lookup of a task asks for: what is kept at once, the rest in few calls, so many at a time (LKP-4). */
export class Finder {
  readonly #node: LookupNode;
  readonly #host: FinderHost;
  readonly #source: Find;
  readonly #cache: LookupCache | undefined;

  constructor(node: LookupNode, host: FinderHost) {
    this.#node = node;
    this.#host = host;
    this.#source = findOf(node.source);
    this.#cache = node.cache && new LookupCache(node.cache);
  }

  /**
   * An answer for each key, which is JSON; a call that fails too often is the answer of its keys. When there is no more room
   * the rest has none, but for the first keys, so many as must have one. Never rejects.
   */
  async find(
    keys: readonly string[],
    room: AnswerRoom,
    first = keys.length,
  ): Promise<ReadonlyMap<string, LookupAnswer>> {
    const answers = new Map<string, LookupAnswer>();
    const nowMs = this.#host.clock.now();
    const unknown = keys.filter((key) => {
      const found = this.#cache?.get(key, nowMs);
      if (found !== undefined) {
        answers.set(key, { found });
        room.characters -= found?.length ?? 0;
      }
      return found === undefined;
    });
    const needed = new Set(keys.slice(0, first));
    const wanted = (key: string): boolean => room.characters > 0 || needed.has(key);
    const { atMost } = this.#source;
    const calls = Array.from({ length: Math.ceil(unknown.length / atMost) }, (_, at) =>
      unknown.slice(at * atMost, (at + 1) * atMost),
    );
    const next = calls.values();
    const work = async (): Promise<void> => {
      // All of them take from one iterator.
      for (const some of next) {
        if (!some.some(wanted)) return;
        const take = (key: string, answer: LookupAnswer): void => {
          answers.set(key, answer);
          room.characters -= charactersOf(answer);
        };
        await this.#ask(some, { wanted, take });
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#node.concurrency, calls.length) }, work));
    return answers;
  }

  async #ask(keys: readonly string[], { wanted, take }: Taker): Promise<void> {
    const { clock, failed } = this.#host;
    const { name, retries, backoffMs } = this.#node;
    for (let again = 0; ; again++) {
      try {
        return this.#answers(keys, await this.#call(keys), { wanted, take });
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const answer = { error: `${reason} (tried ${again + 1} times)` };
        if (again >= retries) return keys.forEach((key) => take(key, answer));
        failed(`${name}: ${reason}`);
        const pauseMs = Math.min(MAX_LOOKUP_PAUSE_MS, backoffMs * 2 ** again);
        await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
      }
    }
  }

  async #call(keys: readonly string[]): Promise<readonly unknown[]> {
    const { env, clock, called } = this.#host;
    const controller = new AbortController();
    const { signal } = controller;
    called();
    try {
      // Inside, so that what throws before it gives a promise is caught too.
      const found = (async () =>
        this.#source.find(
          keys.map((key): unknown => JSON.parse(key)),
          { env, signal },
        ))();
      return await withDeadline(found, this.#node.timeoutMs, clock);
    } finally {
      controller.abort();
    }
  }

  #answers(keys: readonly string[], found: readonly unknown[], { wanted, take }: Taker): void {
    if (!Array.isArray(found) || found.length !== keys.length) {
      const given = Array.isArray(found) ? `${found.length} values` : typeof found;
      throw new TypeError(`${this.#node.name} asked for ${keys.length} keys and got ${given}`);
    }
    const nowMs = this.#host.clock.now();
    for (const [at, key] of keys.entries()) {
      // One call may find more than there is room for.
      if (!wanted(key)) continue;
      const answer = answerOf(found[at], this.#node.name);
      if ("found" in answer) this.#cache?.set(key, answer.found, nowMs);
      take(key, answer);
    }
  }
}

function answerOf(value: unknown, node: string): LookupAnswer {
  if (value === null || value === undefined) return { found: null };
  if (value instanceof Error) return { error: value.message };
  try {
    const found = jsonText(value, `what ${node} found`);
    if (found.length <= MAX_LOOKUP_VALUE_BYTES) return { found };
    return { error: `what ${node} found has ${found.length} characters of JSON, above ${MAX_LOOKUP_VALUE_BYTES}` };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
