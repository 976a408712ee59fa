import { refuse } from "../../schema/error.ts";
import type { Bytes } from "../../schema/record.ts";
import type { Clock } from "../clock.ts";
import type { Fetch } from "../transport.ts";
import { problem, type FakeAnswer, type FakeRequest } from "./fake-millrace.ts";

/** What happens to one request on its way. Times in ms from its sending, or of the answer from its making. */
export interface Passage {
  /** When the request arrives; none is lost, a second one is a copy whose answer nobody gets. Default `[1]`. */
  readonly arrivesMs?: readonly number[] | undefined;
  /** Default 1. "lost": the client waits in vain. "reset": the connection ends in the place of an answer. */
  readonly answersMs?: number | "lost" | "reset" | undefined;
  /** Answered instead of the server: 401 by Millrace before any work, 403 by a proxy, without a problem document. */
  readonly status?: 401 | 403 | 429 | 500 | 503 | undefined;
  /** The server has done its work all the same. */
  readonly afterWork?: boolean | undefined;
  readonly retryAfter?: string | undefined;
  /** What happens to the bytes of an answer that has more than a few. */
  readonly damage?: "cut" | "flipped" | undefined;
}

export interface Server {
  handle(request: FakeRequest): FakeAnswer;
}

const POLL_MS = 50;

/** A fetch to a server in memory, over a network that does to each request what `passageOf` says. */
export function network(
  server: Server,
  clock: Clock,
  passageOf: (request: FakeRequest) => Passage = () => ({}),
): Fetch {
  return (address, init) => {
    const request: FakeRequest = {
      method: init.method ?? "GET",
      url: new URL(address),
      headers: new Headers(init.headers),
      body: bytesOf(init.body),
    };
    const passage = passageOf(request);
    const { arrivesMs = [1], answersMs = 1 } = passage;
    return new Promise((resolve, reject) => {
      init.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      const answer = (made: FakeAnswer) => {
        if (answersMs === "lost") return;
        if (answersMs === "reset") return reject(new TypeError("fetch failed"));
        clock.timer(answersMs, () => resolve(responseOf(damaged(made, passage.damage))));
      };
      arrivesMs.forEach((atMs, copy) => {
        clock.timer(atMs, () => work({ server, clock, request, passage }, copy === 0 ? answer : () => {}));
      });
      if (arrivesMs.length === 0 && answersMs === "reset") clock.timer(1, () => reject(new TypeError("fetch failed")));
    });
  };
}

interface Arrival {
  readonly server: Server;
  readonly clock: Clock;
  readonly request: FakeRequest;
  readonly passage: Passage;
}

function work({ server, clock, request, passage }: Arrival, answer: (made: FakeAnswer) => void): void {
  const { status, afterWork, retryAfter } = passage;
  if (status !== undefined) {
    if (afterWork === true) server.handle(request);
    return answer(failure(status, retryAfter));
  }
  const untilMs = clock.nowMs() + Number(request.url.searchParams.get("waitMs") ?? 0);
  const poll = () => {
    const made = server.handle(request);
    const empty = made.status === 200 && made.body.length === 0;
    if (empty && clock.nowMs() + POLL_MS <= untilMs) clock.timer(POLL_MS, poll);
    else answer(made);
  };
  poll();
}

function damaged(made: FakeAnswer, damage: Passage["damage"]): FakeAnswer {
  if (damage === undefined || made.body.length < 8) return made;
  const body = made.body.slice(0, damage === "cut" ? -3 : undefined);
  if (damage === "flipped") body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
  return { ...made, body };
}

const CODES = { 401: "unauthenticated", 429: "overloaded", 500: "internal", 503: "overloaded" } as const;

function failure(status: NonNullable<Passage["status"]>, retryAfter: string | undefined): FakeAnswer {
  const headers = retryAfter === undefined ? {} : { "retry-after": retryAfter };
  if (status === 403) return { status, headers, body: new TextEncoder().encode("<h1>Forbidden</h1>") };
  return { ...problem(refuse(CODES[status], "the network says so"), headers), status };
}

/** As much of a Response as the transport reads: one of the platform's ends in a macrotask, which stands outside the clock. */
function responseOf({ status, headers, body }: FakeAnswer): Response {
  const { buffer } = body.slice();
  const response = {
    status,
    ok: status < 300,
    headers: new Headers(headers),
    arrayBuffer: () => Promise.resolve(buffer),
  };
  return response as unknown as Response;
}

function bytesOf(body: BodyInit | null | undefined): Bytes {
  if (body === null || body === undefined) return new Uint8Array();
  return typeof body === "string" ? new TextEncoder().encode(body) : (body as Bytes).slice();
}
