import fc from "fast-check";
import { expect, test } from "vitest";
import { SourcePayload } from "./payload.ts";

const encoder = new TextEncoder();
/** JSON texts, some of them damaged, and some nested deeper than a JSON value may be elsewhere. */
const bytes = fc.oneof(
  fc.json().map((text) => new Uint8Array(encoder.encode(text))),
  fc.tuple(fc.json(), fc.nat(), fc.nat(255)).map(([text, at, byte]) => {
    const damaged = new Uint8Array(encoder.encode(text));
    damaged[at % damaged.length] = byte;
    return damaged;
  }),
  fc.nat(600).map((depth) => new Uint8Array(encoder.encode(`${"[".repeat(depth)}${"]".repeat(depth)}`))),
);

function errorOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

test("a value that is only passed on is refused exactly where one that is read is [STM-2]", () => {
  fc.assert(
    fc.property(bytes, (value) => {
      const read = errorOf(() => new SourcePayload(value, "json").value());
      const passed = new SourcePayload(value, "json");
      expect(errorOf(() => passed.encoded("json", "value"))).toBe(read);
      expect(errorOf(() => new SourcePayload(value, "json").check())).toBe(read);
      if (read === undefined) expect(passed.encoded("json", "value")).toBe(value);
    }),
  );
});
