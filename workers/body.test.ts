import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readBody } from "./body.ts";

const LIMIT = 1000;

function request(body: Uint8Array<ArrayBuffer> | ReadableStream | null, headers: Record<string, string> = {}): Request {
  return new Request("http://host/", { method: "POST", headers, body, ...({ duplex: "half" } as object) });
}

/** A body of no declared length, which counts how much was asked of it. */
function stream(chunks: number): { readonly body: ReadableStream; readonly pulled: () => number } {
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pulled++ < chunks) controller.enqueue(new Uint8Array(400));
      else controller.close();
    },
  });
  return { body, pulled: () => pulled };
}

test("a body comes whole, declared or not, and none is empty [HTTP-7]", async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  expect(await readBody(request(bytes), LIMIT)).toEqual({ ok: true, bytes });
  expect(await readBody(request(bytes, { "content-length": "3" }), LIMIT)).toEqual({ ok: true, bytes });
  expect(await readBody(request(stream(2).body), LIMIT)).toEqual({ ok: true, bytes: new Uint8Array(800) });
  expect(await readBody(request(null), LIMIT)).toEqual({ ok: true, bytes: new Uint8Array(0) });
});

test("above the limit it is refused: when declared before reading, else as soon as it is passed [HTTP-7]", async () => {
  const declared = stream(1000);
  const early = await readBody(request(declared.body, { "content-length": "400000" }), LIMIT);
  expect(early).toMatchObject({ ok: false, code: "batch_too_large" });
  expect(declared.pulled()).toBeLessThan(3);
  const counted = stream(1000);
  expect(await readBody(request(counted.body), LIMIT)).toMatchObject({ ok: false, code: "batch_too_large" });
  expect(counted.pulled()).toBeLessThan(9);
  expect((await readBody(request(new Uint8Array(LIMIT)), LIMIT)).ok).toBe(true);
  expect((await readBody(request(new Uint8Array(LIMIT + 1)), LIMIT)).ok).toBe(false);
});

test("gzip is unfolded up to the limit; broken, cut or padded it is refused [HTTP-8]", async () => {
  const plain = new TextEncoder().encode("folded ".repeat(100));
  const folded = new Uint8Array(gzipSync(plain));
  const headers = { "content-encoding": "gzip" };
  const unfolded = await readBody(request(folded, headers), LIMIT);
  expect(unfolded.ok && new TextDecoder().decode(unfolded.bytes)).toBe("folded ".repeat(100));
  const bomb = new Uint8Array(gzipSync(new Uint8Array(1_000_000)));
  expect(await readBody(request(bomb, headers), LIMIT)).toMatchObject({ code: "batch_too_large" });
  for (const bad of [plain, folded.slice(0, -2), folded.slice(0, 5), new Uint8Array([...folded, 7, 7, 7])]) {
    expect(await readBody(request(bad, headers), LIMIT)).toMatchObject({ code: "invalid_request" });
  }
  expect(await readBody(request(plain, { "content-encoding": "deflate" }), LIMIT)).toMatchObject({
    code: "unsupported_media_type",
  });
});
