import type { Bytes } from "../schema/record.ts";
import { delayMs, retryAfterMs, type RetryPolicy } from "./backoff.ts";
import { sleep, type Clock } from "./clock.ts";
import { StreamError, type StreamErrorDetails } from "./stream-error.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface TransportOptions {
  readonly url: string;
  readonly token?: string | undefined;
  readonly fetch: Fetch;
  readonly retry: RetryPolicy;
  readonly clock: Clock;
}

/** One request. Every request of this client may be repeated: what it asks for twice it gets once. */
export interface Exchange {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  /** Segments after `/v1`, as they are: escaping is done here. */
  readonly path: readonly (string | number)[];
  /** The path stands at the root. */
  readonly unversioned?: true | undefined;
  /** Absent values are left out. */
  readonly query?: { readonly [name: string]: string | number | boolean | undefined } | undefined;
  readonly headers?: { readonly [name: string]: string } | undefined;
  /** Bytes as they are, anything else as JSON. */
  readonly body?: unknown;
  /** Instead of the policy's. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Tried again until then instead of a number of times, by the clock. */
  readonly deadlineMs?: number | undefined;
  /** The code that, answered to a repeat, says that an earlier try whose answer was lost did the work. */
  readonly doneWhen?: string | undefined;
}

export interface Received {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Bytes;
}

/** Sends requests and is the only place that turns an answer into a throw. */
export class Transport {
  readonly clock: Clock;
  readonly retry: RetryPolicy;
  readonly #base: string;
  readonly #fetch: Fetch;
  readonly #headers: { readonly [name: string]: string };

  constructor(options: TransportOptions) {
    this.clock = options.clock;
    this.retry = options.retry;
    this.#base = options.url.replace(/\/+$/, "");
    this.#fetch = options.fetch;
    this.#headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
  }

  /** Repeats what is retriable within the policy's bounds and answers the parsed JSON body (SDK-3). */
  async json<T>(exchange: Exchange): Promise<T> {
    const { value } = await this.jsonWithStatus<T>(exchange);
    return value;
  }

  async jsonWithStatus<T>(exchange: Exchange): Promise<{ readonly status: number; readonly value: T }> {
    for (let failures = 0; ; failures++) {
      try {
        const received = await this.once(exchange);
        return { status: received.status, value: parse(exchange, received) as T };
      } catch (error) {
        const { deadlineMs } = exchange;
        const last = deadlineMs === undefined ? failures + 1 >= this.retry.attempts : this.clock.nowMs() >= deadlineMs;
        if (!(error instanceof StreamError)) throw error;
        if (failures > 0 && error.code === exchange.doneWhen) return { status: error.status, value: undefined as T };
        if (!error.retriable || last) throw error;
        const { retryAfterMs } = error.details;
        await sleep(this.clock, delayMs(this.retry, this.clock, { failures, retryAfterMs }), exchange.signal);
      }
    }
  }

  async jsonOnce<T>(exchange: Exchange): Promise<T> {
    return parse(exchange, await this.once(exchange)) as T;
  }

  /** One try. Throws a StreamError, or the signal's reason when `exchange.signal` ended it. */
  async once(exchange: Exchange): Promise<Received> {
    const url = this.#base + target(exchange);
    const timeoutMs = exchange.timeoutMs ?? this.retry.timeoutMs;
    const controller = new AbortController();
    const relay = () => controller.abort();
    exchange.signal?.throwIfAborted();
    exchange.signal?.addEventListener("abort", relay);
    const cancel = this.clock.timer(timeoutMs, relay);
    try {
      // A fetch that does not heed its signal, as a service binding's may not, must not hold the caller either (SDK-5).
      return await Promise.race([this.#exchange(url, exchange, controller.signal), rejectOnAbort(controller.signal)]);
    } catch (error) {
      exchange.signal?.throwIfAborted();
      if (error instanceof StreamError) throw error;
      if (controller.signal.aborted) throw timedOut(exchange, timeoutMs);
      throw unreachable(exchange, this.#base, error);
    } finally {
      cancel();
      exchange.signal?.removeEventListener("abort", relay);
    }
  }

  /** The body's text while it comes, of one try; throws `timed_out` where nothing comes for `silentMs`. */
  async *texts(exchange: Exchange, silentMs: number): AsyncGenerator<string, void, undefined> {
    const controller = new AbortController();
    const relay = () => controller.abort();
    exchange.signal?.throwIfAborted();
    exchange.signal?.addEventListener("abort", relay);
    const aborted = rejectOnAbort(controller.signal);
    aborted.catch(() => undefined);
    const decoder = new TextDecoder();
    let cancel = this.clock.timer(silentMs, relay);
    try {
      const answer = await Promise.race([
        this.#send(this.#base + target(exchange), exchange, controller.signal),
        aborted,
      ]);
      if (!answer.ok) throw refused(exchange, await receivedOf(answer), this.clock.nowMs());
      for (const reader = answer.body?.getReader(); reader !== undefined;) {
        const { value, done } = await Promise.race([reader.read(), aborted]);
        if (done) return;
        cancel();
        cancel = this.clock.timer(silentMs, relay);
        yield decoder.decode(value, { stream: true });
      }
    } catch (error) {
      exchange.signal?.throwIfAborted();
      if (error instanceof StreamError) throw error;
      throw controller.signal.aborted ? timedOut(exchange, silentMs) : unreachable(exchange, this.#base, error);
    } finally {
      cancel();
      exchange.signal?.removeEventListener("abort", relay);
      controller.abort();
    }
  }

  #send(url: string, exchange: Exchange, signal: AbortSignal): Promise<Response> {
    const { body } = exchange;
    const binary = body instanceof Uint8Array;
    return this.#fetch(url, {
      method: exchange.method,
      signal,
      headers: {
        ...this.#headers,
        ...(body === undefined || binary ? {} : { "content-type": "application/json" }),
        ...exchange.headers,
      },
      ...(body === undefined ? {} : { body: binary ? (body as Bytes) : JSON.stringify(body) }),
    });
  }

  async #exchange(url: string, exchange: Exchange, signal: AbortSignal): Promise<Received> {
    const received = await receivedOf(await this.#send(url, exchange, signal));
    if (received.status < 200 || received.status > 299) throw refused(exchange, received, this.clock.nowMs());
    return received;
  }
}

async function receivedOf(answer: Response): Promise<Received> {
  const body = new Uint8Array(await answer.arrayBuffer());
  return { status: answer.status, headers: answer.headers, body };
}

function target({ path, query = {}, unversioned }: Exchange): string {
  for (const segment of path) {
    // URL parsers resolve these, escaped or not: the request would go to another resource.
    if (segment === "" || segment === "." || segment === "..") {
      throw new StreamError(`"${segment}" is not a name`, { code: "invalid_request", retriable: false });
    }
  }
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const segments = unversioned === true ? path : ["v1", ...path];
  return `/${segments.map(encodeURIComponent).join("/")}${search.size === 0 ? "" : `?${search}`}`;
}

/** How the answer's JSON reads to the caller; an answer without a body is `undefined`. */
function parse(exchange: Exchange, received: Received): unknown {
  if (received.body.length === 0) return undefined;
  const value = jsonOf(received.body);
  if (value !== undefined) return value;
  // Retriable: a truncated answer, or a proxy that speaks in Millrace's place.
  throw new StreamError(`${name(exchange)} answered ${received.status} with a body that is not JSON`, {
    code: "unexpected_answer",
    retriable: true,
    status: received.status,
  });
}

function refused(exchange: Exchange, received: Received, nowMs: number): StreamError {
  const { status } = received;
  const after = retryAfterMs(received.headers.get("retry-after"), nowMs);
  const waiting: StreamErrorDetails = after === undefined ? {} : { retryAfterMs: after };
  const problem = jsonOf(received.body);
  if (isProblem(problem)) {
    const { type: _type, title: _title, status: _status, code, detail, retriable, ...extra } = problem;
    const message = typeof detail === "string" ? detail : code;
    return new StreamError(message, { code, retriable: retriable === true, status, details: { ...extra, ...waiting } });
  }
  return new StreamError(
    `${name(exchange)} answered ${status} without a problem document; is it a proxy that answers?`,
    {
      code: "unexpected_answer",
      retriable: status === 408 || status === 429 || status >= 500,
      status,
      details: { ...waiting, body: new TextDecoder().decode(received.body.subarray(0, 500)) },
    },
  );
}

function isProblem(value: unknown): value is { readonly [field: string]: unknown } & { readonly code: string } {
  return typeof value === "object" && value !== null && "code" in value && typeof value.code === "string";
}

function jsonOf(body: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

function timedOut(exchange: Exchange, timeoutMs: number): StreamError {
  const message = `${name(exchange)} was not answered within ${timeoutMs} ms`;
  return new StreamError(message, { code: "timed_out", retriable: true });
}

function unreachable(exchange: Exchange, base: string, cause: unknown): StreamError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `${name(exchange)} did not reach ${base}: ${reason}`;
  return new StreamError(message, { code: "unreachable", retriable: true, cause });
}

function name({ method, path }: Exchange): string {
  return `${method} /${path.join("/")}`;
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
}
