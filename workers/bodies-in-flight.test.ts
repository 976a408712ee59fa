import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { MAX_BODIES_IN_FLIGHT_BYTES, MAX_REQUEST_BYTES } from "../schema/limits.ts";
import { BodiesInFlight } from "./bodies-in-flight.ts";
import { readBody } from "./body.ts";

function request(length: number | undefined): Request {
  const headers = length === undefined ? {} : { "content-length": String(length) };
  return new Request("http://host/", { method: "POST", headers });
}

/** Work that ends when it is told to. */
class Pending {
  #end: (response: Response) => void = () => {};
  #fail: (error: Error) => void = () => {};
  readonly #done = new Promise<Response>((resolve, reject) => {
    this.#end = resolve;
    this.#fail = reject;
  });

  readonly work = (): Promise<Response> => this.#done;

  end(): void {
    this.#end(new Response("stored"));
  }

  fail(): void {
    this.#fail(new Error("broke"));
  }
}

test("bodies beyond the bound wait outside: overloaded, until others are done, however they ended [HTTP-17]", async () => {
  const bodies = new BodiesInFlight();
  const half = MAX_BODIES_IN_FLIGHT_BYTES / 2;
  const [first, second, third] = [new Pending(), new Pending(), new Pending()];
  const running = [bodies.admit(request(half), first.work), bodies.admit(request(half), second.work)];
  expect(await bodies.admit(request(1), third.work)).toMatchObject({ ok: false, code: "overloaded" });
  first.end();
  expect(await running[0]).toBeInstanceOf(Response);
  second.fail();
  await expect(running[1]).rejects.toThrow("broke");
  third.end();
  expect(await bodies.admit(request(half), third.work)).toBeInstanceOf(Response);
  expect(bodies.bytes).toBe(0);
});

test("what was not declared counts as it comes; a lie counts as no more than the largest body [HTTP-17]", async () => {
  const bodies = new BodiesInFlight();
  const [undeclared, lie] = [new Pending(), new Pending()];
  const running = [
    bodies.admit(request(undefined), (hold) => {
      hold(1_000);
      return undeclared.work();
    }),
    bodies.admit(request(1e14), lie.work),
  ];
  expect(bodies.bytes).toBe(MAX_REQUEST_BYTES + 1_000);
  undeclared.end();
  lie.end();
  await Promise.all(running);
  expect(bodies.bytes).toBe(0);
});

test("an undeclared body says each piece, a folded one what it unfolds to [HTTP-17]", async () => {
  const held: number[] = [];
  const hold = (bytes: number): void => void held.push(bytes);
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(3));
      controller.enqueue(new Uint8Array(4));
      controller.close();
    },
  });
  const undeclared = { method: "POST", body, duplex: "half" } as RequestInit;
  expect(await readBody(new Request("http://host/", undeclared), 100, hold)).toMatchObject({ ok: true });
  const folded = new Uint8Array(gzipSync(new Uint8Array(90)));
  const headers = { "content-encoding": "gzip", "content-length": String(folded.length) };
  const sent = new Request("http://host/", { method: "POST", headers, body: folded });
  expect(await readBody(sent, 100, hold)).toMatchObject({ ok: true });
  expect(held).toEqual([3, 4, 90]);
});
