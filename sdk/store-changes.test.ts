import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import type * as z from "zod";
import { problemOf, refuse } from "../schema/error.ts";
import type { changesEvent, snapshotEvent } from "../schema/wire/answer/store.ts";
import { EventParser } from "./event-stream.ts";
import { Millrace } from "./millrace.ts";
import type { FollowOptions, StoreChanges, StoreEvent, StoreSnapshot } from "./store-changes.ts";
import { ManualClock } from "./test/manual-clock.ts";

test("the client's types hold the server's events [SDK-9]", () => {
  expectTypeOf<z.output<typeof snapshotEvent>>().toExtend<Omit<StoreSnapshot, "type" | "cursor">>();
  expectTypeOf<z.output<typeof changesEvent>>().toExtend<Omit<StoreChanges, "type" | "cursor">>();
});

test("events are the same however their text is cut, and one without its end is none [SDK-38]", () => {
  const text =
    'retry: 5\n\n: hm\n\nevent: a\ndata: {"x":\ndata: 1}\nid: 7\n\r\ndata:b\n\nid\nevent: c\ndata\n\nevent: d\ndata: late\n';
  const expected = [
    { type: "a", data: '{"x":\n1}', id: "7" },
    { type: "message", data: "b", id: "7" },
    { type: "c", data: "", id: "" },
  ];
  fc.assert(
    fc.property(fc.array(fc.nat(text.length)), (cuts) => {
      const parser = new EventParser("0");
      const at = [0, ...cuts.toSorted((a, b) => a - b), text.length];
      const parts = at.slice(1).map((end, index) => text.slice(at[index], end));
      expect(parts.flatMap((part) => parser.push(part))).toEqual(expected);
    }),
  );
});

function event(type: string, id: string | undefined, data: object): string {
  return `event: ${type}\ndata: ${JSON.stringify(data)}\n${id === undefined ? "" : `id: ${id}\n`}\n`;
}

const at = { topic: "t", partition: 0, offset: 5 };
const snapshot = { ...at, reset: false, ready: true, rows: [{ key: "a", value: 1 }] };
const changes = {
  ...at,
  changes: [
    { key: "a", value: 2 },
    { key: "b", removed: true },
  ],
};

describe("over HTTP", () => {
  let server: Server;
  let client: Millrace;
  let asked: { url: string; lastEventId: string | undefined }[] = [];
  let answers: ((response: ServerResponse) => void)[] = [];

  beforeAll(async () => {
    server = createServer((request: IncomingMessage, response) => {
      asked.push({ url: request.url ?? "", lastEventId: request.headers["last-event-id"] as string | undefined });
      const answer = answers.shift();
      if (answer === undefined) response.destroy();
      else answer(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = new Millrace({ url, retry: { firstDelayMs: 1, attempts: 3 } });
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    asked = [];
    answers = [];
  });

  function streams(...texts: readonly string[]): (response: ServerResponse) => void {
    return (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const text of texts) response.write(text);
    };
  }

  function refuses(code: Parameters<typeof refuse>[0]): (response: ServerResponse) => void {
    return (response) => {
      const problem = problemOf(refuse(code, "it says why"));
      response.writeHead(problem.status, { "content-type": "application/problem+json" });
      response.end(JSON.stringify(problem));
    };
  }

  async function taken(count: number, options: FollowOptions = {}): Promise<StoreEvent[]> {
    const events: StoreEvent[] = [];
    for await (const each of client.pipelines.store("p", "s").follow(options)) if (events.push(each) === count) break;
    return events;
  }

  test("events come while the connection is open, with the cursor behind each [SDK-38]", async () => {
    answers = [
      streams(
        "retry: 1000\n\n",
        event("snapshot", "1", snapshot),
        event("changes", undefined, changes),
        event("snapshot", "2", snapshot),
      ),
    ];
    expect(await taken(3, { key: "a b" })).toEqual([
      { type: "snapshot", cursor: "1", ...snapshot },
      { type: "changes", cursor: "1", ...changes },
      { type: "snapshot", cursor: "2", ...snapshot },
    ]);
    expect(asked).toEqual([{ url: "/v1/pipelines/p/stores/s/changes?key=a+b", lastEventId: undefined }]);
  });

  test("a connection that ends, breaks, or is refused for now is made anew behind the last event [SDK-38]", async () => {
    answers = [
      refuses("overloaded"),
      (response) => {
        streams(event("snapshot", "1", snapshot))(response);
        response.end();
      },
      (response) => {
        streams(event("changes", "2", changes), "event: changes\ndata: {")(response);
        setTimeout(() => response.destroy(), 5);
      },
      refuses("timed_out"),
      streams(event("changes", undefined, changes), event("changes", "3", changes)),
    ];
    const events = await taken(4, { cursor: "0" });
    expect(events.map(({ cursor }) => cursor)).toEqual(["1", "2", "2", "3"]);
    expect(asked.map(({ lastEventId }) => lastEventId)).toEqual(["0", "0", "1", "2", "2"]);
  });

  test("what is refused for good is thrown, and what is refused too often [SDK-38]", async () => {
    answers = [streams(event("snapshot", "1", snapshot)), refuses("not_found")];
    server.once("request", (_, response: ServerResponse) => setTimeout(() => response.destroy(), 5));
    await expect(taken(9)).rejects.toMatchObject({ code: "not_found", retriable: false });
    answers = [refuses("overloaded"), refuses("overloaded"), refuses("overloaded"), refuses("overloaded")];
    await expect(taken(9)).rejects.toMatchObject({ code: "overloaded" });
    expect(answers).toHaveLength(1);
  });

  test("a signal ends the loop quietly, also while nothing comes [SDK-38]", async () => {
    const controller = new AbortController();
    answers = [streams(event("snapshot", "1", snapshot))];
    const events: StoreEvent[] = [];
    for await (const each of client.pipelines.store("p", "s").follow({ signal: controller.signal })) {
      events.push(each);
      setTimeout(() => controller.abort(), 5);
    }
    expect(events).toHaveLength(1);
    expect(await taken(1, { signal: controller.signal })).toEqual([]);
  });
});

test("a connection on which nothing comes, not even that there is nothing, is made anew [SDK-38]", async () => {
  const clock = new ManualClock();
  let asked = 0;
  const fetch = (_url: string, { signal }: RequestInit): Promise<Response> => {
    const text = asked++ === 0 ? event("snapshot", "1", snapshot) : event("changes", "2", changes);
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(text));
        signal?.addEventListener("abort", () => controller.error(new Error("aborted")));
      },
    });
    return Promise.resolve(new Response(body));
  };
  const client = new Millrace({ url: "http://server", fetch, clock });
  const follow = client.pipelines.store("p", "s").follow();
  expect((await clock.run(follow.next())).value).toMatchObject({ cursor: "1" });
  const before = clock.nowMs();
  expect((await clock.run(follow.next())).value).toMatchObject({ cursor: "2" });
  expect(clock.nowMs() - before).toBeGreaterThanOrEqual(45_000);
  expect(asked).toBe(2);
});
