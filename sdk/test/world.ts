import type { Decompress } from "../../schema/record-batch/decode.ts";
import type { RetryOptions } from "../backoff.ts";
import { Millrace } from "../millrace.ts";
import { FakeMillrace, type FakeRequest } from "./fake-millrace.ts";
import type { ProducerRules } from "./fake-partition.ts";
import { ManualClock } from "./manual-clock.ts";
import { network, type Passage } from "./network.ts";

export interface WorldOptions<State> {
  /** The core's, and the platform's gzip: `sdk` may import neither. */
  readonly rules: ProducerRules<State>;
  readonly decompress: Decompress;
  /** Of the topic `t`. */
  readonly partitions?: number | undefined;
  /** What happens to each request; those not told of pass. */
  readonly passageOf?: ((request: FakeRequest) => Passage | undefined) | undefined;
  readonly retry?: RetryOptions | undefined;
  readonly seed?: number | undefined;
}

/** A client, a server and a network between them, in one memory and one time. */
export function world<State extends { readonly epoch: number }>(options: WorldOptions<State>) {
  const clock = new ManualClock(options.seed);
  const fake = new FakeMillrace(options.rules, options.decompress);
  fake.create("t", options.partitions ?? 1);
  const fetch = network(fake, clock, (request) => options.passageOf?.(request) ?? {});
  const client = new Millrace({ url: "http://fake", fetch, clock, retry: options.retry });
  return { clock, fake, client };
}

/** The nth request that `chosen` names meets the nth passage. */
export function inTurn(
  chosen: (request: FakeRequest) => boolean,
  passages: readonly (Passage | undefined)[],
): (request: FakeRequest) => Passage | undefined {
  let turn = 0;
  return (request) => (chosen(request) ? passages[turn++] : undefined);
}

export function appends({ method, url }: FakeRequest): boolean {
  return method === "POST" && url.pathname.endsWith("/records");
}

export function reads({ method, url }: FakeRequest): boolean {
  return method === "GET" && url.pathname.endsWith("/records");
}
