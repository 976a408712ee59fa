import fc from "fast-check";
import { expect, test } from "vitest";
import { readCursor, writeCursor } from "./store-cursor.ts";

test("a cursor comes back as it went, whatever the key, and stands in a URL as it is [STR-3]", () => {
  const position = fc.record({
    partition: fc.nat(255),
    place: fc.record({ key: fc.string({ unit: "grapheme" }), at: fc.maxSafeInteger(), seq: fc.nat() }),
  });
  fc.assert(
    fc.property(position, (at) => {
      const cursor = writeCursor("p/s", at);
      expect(cursor).toMatch(/^[\w-]+$/);
      expect(readCursor("p/s", cursor)).toEqual({ ok: true, ...at });
    }),
  );
});

test("a cursor of another store, or any other text, is refused [STR-3]", () => {
  expect(readCursor("p/t", writeCursor("p/s", { partition: 0, place: { key: "", at: 0, seq: 0 } }))).toMatchObject({
    code: "invalid_request",
  });
  for (const cursor of [
    "",
    "x",
    "!",
    "e30",
    btoa("[1]"),
    btoa('["p/s","a"]'),
    btoa('["p/s",-1,"a",0,0]'),
    btoa('["p/s",0,5,0,0]'),
    btoa('["p/s",0,"a",0.5,0]'),
    btoa('["p/s",0,"a",0]'),
  ]) {
    expect({ cursor, ...readCursor("p/s", cursor) }).toMatchObject({ code: "invalid_request", field: "cursor" });
  }
});
