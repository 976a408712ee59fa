import { expect, test } from "vitest";
import { utf8 } from "./key-text.ts";
import { internalValue, readInternalValue } from "./internal-value.ts";
import { TextPayload } from "./payload.ts";
import { Origin, StreamRecord } from "./stream-record.ts";

test("a record comes out under the tag that it was sent under, whatever that is of a plan's nodes [ENG-21]", () => {
  const source = { key: utf8("k"), value: utf8('{"a":"é"}'), timestampMs: 5, headers: [], offset: 0 };
  const payload = new TextPayload('{"a":"é"}');
  const record = new StreamRecord("k", payload, { timestampMs: 5, origin: new Origin("in", 0, source) });
  for (const tag of [0, 127, 128, 199]) {
    const sent = internalValue(record, { tag, changes: false });
    const value = typeof sent === "string" ? utf8(sent) : sent;
    const read = readInternalValue({ ...source, value });
    expect(read).toMatchObject({ tag, window: undefined, before: undefined });
    expect(read.payload.value()).toEqual({ a: "é" });
  }
});
