import { retryPolicy, type RetryOptions } from "./backoff.ts";
import { systemClock, type Clock } from "./clock.ts";
import { Pipelines } from "./pipelines.ts";
import { Producer } from "./producer/producer.ts";
import type { ProducerOptions } from "./producer/producer-settings.ts";
import { Reader, type ReaderOptions } from "./reader/reader.ts";
import { Tables } from "./tables.ts";
import { Topics } from "./topics.ts";
import { Transport, type Fetch } from "./transport.ts";

export interface MillraceOptions {
  /** Where the Worker answers, e.g. `https://millrace.example.workers.dev`. */
  readonly url: string;
  /** Sent as a bearer token. */
  readonly token?: string | undefined;
  /** Instead of the platform's, e.g. a service binding's. */
  readonly fetch?: Fetch | undefined;
  readonly retry?: RetryOptions | undefined;
  /** Instead of the platform's, for tests that do not wait. */
  readonly clock?: Clock | undefined;
}

/**
 * A client of one Millrace. It has no dependency and runs where `fetch` and `CompressionStream` do: Node.js from 20 on,
 * browsers, Workers. Everything it throws is a StreamError. Nothing is sent before a method is called.
 *
 * In a Worker a promise belongs to the request that made it: there, make a producer for each request.
 *
 * @example
 * ```ts
 * import { Millrace } from "../sdk/index.ts";
 *
 * const client = new Millrace({ url: "http://127.0.0.1:8787" });
 * await client.topics.create("orders", { partitions: 4 });
 * const producer = client.producer();
 * await producer.send("orders", { key: "a", value: { amount: 12 } });
 * await producer.close();
 * ```
 */
export class Millrace {
  readonly topics: Topics;
  readonly pipelines: Pipelines;
  readonly tables: Tables;
  readonly #transport: Transport;

  constructor(options: MillraceOptions) {
    this.#transport = new Transport({
      url: options.url,
      token: options.token,
      // Called as a method of something else, the platform's fetch throws "Illegal invocation" in browsers and Workers.
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
      retry: retryPolicy(options.retry),
      clock: options.clock ?? systemClock,
    });
    this.topics = new Topics(this.#transport);
    this.pipelines = new Pipelines(this.#transport);
    this.tables = new Tables(this.#transport);
  }

  health(): Promise<{ readonly status: "ok"; readonly version: string }> {
    return this.#transport.json({ method: "GET", path: ["healthz"], unversioned: true });
  }

  producer(options: ProducerOptions = {}): Producer {
    return new Producer(this.#transport, options);
  }

  reader(topic: string, partition: number, options: ReaderOptions = {}): Reader {
    return new Reader(this.#transport, { topic, partition }, options);
  }
}
