import fc from "fast-check";
import { expect, test } from "vitest";
import { recordJson } from "./test/record-json.ts";
import { arbitraryRecord } from "./test/arbitrary-record.ts";
import { consumerRecord } from "./wire/answer/read.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const record = { offset: 17, timestampMs: 1_700_000_000_000, key: bytes("k"), value: bytes("1"), headers: [] };
const valueOf = (value: Uint8Array<ArrayBuffer> | null, binary = false) =>
  /"value":(.*),"headers":\{\}\}$/s.exec(recordJson({ ...record, value }, { partition: 0, binary }))![1];

test("a record has these fields in this order [JSN-10]", () => {
  expect(recordJson(record, { partition: 3 })).toBe(
    '{"partition":3,"offset":17,"timestamp":1700000000000,"key":"k","value":1,"headers":{}}',
  );
});

test.each(["12.30", "9007199254740993", ' { "a" : [1,\n2] } ', '"\\ud800"', "1e400", '"é"', "null"])(
  "JSON %j comes back verbatim [JSN-10]",
  (text) => {
    expect(valueOf(bytes(text))).toBe(text);
  },
);

test.each(["", "hello", '{"a":', '"quoted" text', "\uFEFF1", "line\nbreak \u0000", "NaN", "1 2"])(
  "other text %j is text [JSN-10]",
  (text) => {
    expect(valueOf(bytes(text))).toBe(JSON.stringify({ text }));
  },
);

test("other bytes are base64, also inside what would be a JSON string; null is null [JSN-10]", () => {
  expect(valueOf(Uint8Array.of(0xff, 0))).toBe('{"base64":"/wA="}');
  expect(valueOf(Uint8Array.of(0x22, 0xff, 0x22))).toBe('{"base64":"Iv8i"}');
  expect(valueOf(null)).toBe("null");
});

test("binary gives base64 whatever the value, and null [JSN-10]", () => {
  expect(valueOf(bytes("1"), true)).toBe('{"base64":"MQ=="}');
  expect(valueOf(new Uint8Array(0), true)).toBe('{"base64":""}');
  expect(valueOf(null, true)).toBe("null");
  expect(recordJson(record, { partition: 0, binary: true })).toContain('"key":"k"');
});

test.each([
  [null, null],
  [bytes(""), ""],
  [bytes('é"\n\u0001\\'), 'é"\n\u0001\\'],
  [Uint8Array.of(0xff), { base64: "/w==" }],
])("key and header %o are read as %j [JSN-11]", (key, expected) => {
  const read = JSON.parse(recordJson({ ...record, key, headers: [{ key: "h", value: key }] }, { partition: 0 }));
  expect(read.key).toEqual(expected);
  expect(read.headers).toEqual({ h: expected });
});

test("of a repeated header the last is written; any name may be one [JSN-12]", () => {
  const headers = [
    { key: "a", value: bytes("1") },
    { key: "b", value: bytes("2") },
    { key: "a", value: bytes("3") },
    { key: "__proto__", value: bytes("4") },
    { key: 'q"', value: null },
  ];
  expect(recordJson({ ...record, headers }, { partition: 0 })).toContain(
    '"headers":{"b":"2","a":"3","__proto__":"4","q\\"":null}',
  );
});

test("any record is valid JSON of the published shape [JSN-10]", () => {
  fc.assert(
    fc.property(arbitraryRecord, fc.boolean(), (each, binary) => {
      const parsed: unknown = JSON.parse(recordJson({ ...each, offset: 5 }, { partition: 1, binary }));
      expect(consumerRecord.safeParse(parsed).error?.issues).toBeUndefined();
    }),
  );
});
