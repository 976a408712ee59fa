import { expect, test } from "vitest";
import * as limits from "./limits.ts";
import { readProduceBody, readProduceLines } from "./produce-text.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (text: string) => readProduceBody(bytes(text));
/** The refusal of a body with this one record after a good one. */
const refusalOf = (record: string) => read(`{"records":[{"key":"good"},${record}]}`);
/** The one record of a body, with text for bytes. */
function one(record: string) {
  const answer = read(`{"records":[${record}]}`);
  if (!answer.ok) throw new Error(answer.message);
  const text = (each: Uint8Array | null) => (each === null ? null : Buffer.from(each).toString());
  const { key, value, headers, timestampMs, partition } = answer.records[0]!;
  return {
    key: text(key),
    value: text(value),
    headers: headers.map((header) => [header.key, text(header.value)]),
    timestampMs,
    partition,
  };
}

test("a record of all fields in any order [JSN-3]", () => {
  expect(
    one('{"partition":3,"headers":{"h":"1","":""},"timestamp":1700000000000,"value":{"n":12.30},"key":"a"}'),
  ).toEqual({
    key: "a",
    value: '{"n":12.30}',
    headers: [
      ["h", "1"],
      ["", ""],
    ],
    timestampMs: 1_700_000_000_000,
    partition: 3,
  });
});

test("missing fields are null or undefined [JSN-3]", () => {
  expect(one('{"value":1}')).toEqual({
    key: null,
    value: "1",
    headers: [],
    timestampMs: undefined,
    partition: undefined,
  });
  expect(one('{"key":"a"}')).toMatchObject({ key: "a", value: null });
  expect(one('{"key":"","value":null}')).toMatchObject({ key: "", value: null });
});

test.each([
  "12.30",
  "9007199254740993",
  "1e400",
  '"\\u0041\\ud800"',
  "[1, 2 ,\n3]",
  '{ "b":1,"b":2 }',
  "false",
  '""',
  "{}",
  "[]",
  '"é"',
])("value %s keeps its source text [JSN-5]", (value) => {
  expect(one(`{"key":null,"value": ${value} }`).value).toBe(value);
});

test("base64 alone is bytes; with another field, or inside, it is JSON [JSN-5]", () => {
  const answer = read(
    '{"records":[{"value":{"base64":"AP8="}},{"value": { "base64" : "" } },{"value":{"\\u0062ase64":"\\/w=="}}]}',
  );
  expect(answer).toMatchObject({
    records: [{ value: Uint8Array.of(0, 255) }, { value: new Uint8Array(0) }, { value: Uint8Array.of(255) }],
  });
  for (const value of [
    '{"base64":"AA==","b":1}',
    '{"b":1,"base64":"AA=="}',
    '[{"base64":"AA=="}]',
    '{"base6":"AA=="}',
    '{"base64":"AA==","base64":"AA=="}',
  ]) {
    expect(one(`{"value":${value}}`).value).toBe(value);
  }
  expect(read('{"records":[{"key":{"base64":"/w=="}}]}')).toMatchObject({ records: [{ key: Uint8Array.of(255) }] });
});

test.each([
  ['"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'],
  ['"\\u0041\\u00e9\\u6771\\ud83d\\ude00z"', "Aé東😀z"],
  ['"é\\u0000東"', "é\u0000東"],
  ['"\uFEFF"', "\uFEFF"],
  ['"\\ufffd\\uFFFF"', "\uFFFD\uFFFF"],
])("key %s is unescaped [JSN-6]", (key, text) => {
  expect(one(`{"key":${key}}`).key).toBe(text);
});

test.each([
  '"\\ud800"',
  '"\\udc00"',
  '"\\ud800\\ud800"',
  '"\\ud83d\\u0041"',
  '"\\ude00\\ud83d"',
  '"\\ud83dx\\ude00"',
  '"\\ud83d\\n"',
])("half of a surrogate pair in %s is refused [JSN-6]", (text) => {
  expect(refusalOf(`{"key":${text}}`)).toMatchObject({ code: "invalid_request", field: "records[1].key" });
  expect(refusalOf(`{"value":1,"headers":{"h":${text}}}`)).toMatchObject({ field: "records[1].headers.h" });
  expect(refusalOf(`{"value":1,"headers":{${text}:"v"}}`)).toMatchObject({ field: "records[1].headers" });
});

test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
  "header %s is one like any other [JSN-3]",
  (name) => {
    expect(one(`{"value":1,"headers":{"${name}":"x","b":"y"}}`).headers).toEqual([
      [name, "x"],
      ["b", "y"],
    ]);
  },
);

test.each([
  ["0", 0],
  ["-0", 0],
  ["253402300799999", limits.MAX_TIMESTAMP_MS],
  ["1.7e12", 1_700_000_000_000],
  ["1700000000000.0", 1_700_000_000_000],
])("timestamp %s is %i [JSN-8]", (text, timestampMs) => {
  expect(one(`{"value":1,"timestamp":${text}}`).timestampMs).toBe(timestampMs);
});

test.each([
  "-1",
  "253402300800000",
  "1e400",
  "-1e400",
  "1.5",
  "NaN",
  "Infinity",
  '"1"',
  "null",
  "true",
  "[]",
  "{}",
  "9007199254740993",
  "1e-1",
  "01x",
])("timestamp %s is refused [JSN-8]", (text) => {
  expect(refusalOf(`{"value":1,"timestamp":${text}}`)).toMatchObject({
    ok: false,
    code: "invalid_timestamp",
    field: "records[1].timestamp",
    message: `records[1].timestamp: ${text.replace(/[\]}]$/, "")} is not a time`,
  });
});

test.each(["-1", "1.5", '"0"', "null", "1e400"])("partition %s is refused [JSN-8]", (text) => {
  expect(refusalOf(`{"value":1,"partition":${text}}`)).toMatchObject({
    code: "invalid_request",
    field: "records[1].partition",
  });
});

test.each([
  ['{"value":1,"foo":1}', ".foo", "unknown field"],
  ['{"value":1,"values":1}', ".values", "unknown field"],
  ['{"value":1,"":1}', '[""]', "unknown field"],
  ['{"value":1,"a b":1}', '["a b"]', "unknown field"],
  ['{"value":1,"__proto__":1}', ".__proto__", "unknown field"],
  ['{"value":1,"value":1}', ".value", "given twice"],
  ['{"value":null,"value":1}', ".value", "given twice"],
  ['{"value":1,"\\u0076alue":1}', ".value", "given twice"],
  ['{"value":1,"headers":{"h":"1","h":"2"}}', ".headers.h", "given twice"],
  ['{"value":1,"headers":{"h":"1","\\u0068":"2"}}', '.headers["\\u0068"]', "given twice"],
  ['{"value":1,"headers":{"h":1}}', ".headers.h", "not a string"],
  ['{"value":1,"headers":{"h":null}}', ".headers.h", "not a string"],
  ['{"value":1,"headers":[]}', ".headers", "not an object"],
  ['{"value":1,"headers":null}', ".headers", "not an object"],
  ['{"key":1}', ".key", "neither a string nor null nor base64"],
  ['{"key":{}}', ".key", "neither a string nor null nor base64"],
  ['{"key":{"base64":"AA==","a":1}}', ".key", "neither a string nor null nor base64"],
  ['{"key":{"base64":"A"}}', ".key.base64", "not base64"],
  ['{"value":{"base64":"YR=="}}', ".value.base64", "not base64"],
  ['{"value":{"base64":5}}', ".value.base64", "not base64"],
  ["{}", "", "key and value are both missing or null"],
  ['{"key":null,"value":null}', "", "key and value are both missing or null"],
  ["5", "", "not a JSON object"],
  ["[]", "", "not a JSON object"],
])("%s is refused at its place [JSN-3]", (record, path, message) => {
  expect(refusalOf(record)).toMatchObject({
    ok: false,
    code: "invalid_request",
    field: `records[1]${path}`,
    message: `records[1]${path}: ${message}`,
    hint: expect.any(String),
  });
});

test.each([
  ['{"value":tru}', "records[1].value"],
  ['{"value":"\\x"}', "records[1].value"],
  ['{"key":"a}', "records[1].key"],
  ['{"key":"a" "value":1}', "records[1]"],
  ['{"key":"a",}', "records[1]"],
  ['{key:"a"}', "records[1]"],
  ['{"key" "a"}', "records[1]"],
  ['{"value":1,"headers":{"h":"1",}}', "records[1].headers"],
  ['{"value":1,"headers":{"h":"1', "records[1].headers.h"],
  [`{"value":${"[".repeat(300)}${"]".repeat(300)}}`, "records[1].value"],
])("what is not JSON is refused at its place: %.40s [JSN-3]", (record, field) => {
  const refusal = refusalOf(record);
  expect(refusal).toMatchObject({ ok: false, code: "invalid_request", field });
  expect(refusal).toMatchObject({ message: expect.stringMatching(/: not valid JSON at or after byte \d+$/) });
});

test.each([
  ["", "body"],
  ["[]", "body"],
  ["{", undefined],
  ["{}", "records"],
  ['{"records":[]}', "records"],
  ['{"records":{}}', "records"],
  ['{"records":null}', "records"],
  ['{"records":[{"key":"a"}],"records":[{"key":"a"}]}', "records"],
  ['{"records":[],"records":[{"key":"a"}]}', "records"],
  ['{"records":[{"key":"a"}],"foo":1}', "foo"],
  ['{"foo":1,"records":[{"key":"a"}]}', "foo"],
  ['{"records":[{"key":"a"}]', undefined],
  ['{"records":[{"key":"a"}', "records[1]"],
  ['{"records":[{"key":"a"},]}', "records[1]"],
  ['{"records":[{"key":"a"}]}}', undefined],
  ['{"records":[{"key":"a"}]} x', undefined],
])("body %s is refused [JSN-3]", (text, field) => {
  const refusal = read(text);
  expect(refusal).toMatchObject({ ok: false, code: "invalid_request" });
  expect(refusal).toHaveProperty("field", field);
});

test("malformed UTF-8 is refused anywhere [JSN-3]", () => {
  const body = bytes('{"records":[{"key":"KKK","value":["VVV"],"headers":{"HHH":"hhh"}}]}');
  expect(readProduceBody(body).ok).toBe(true);
  const accepted = [...body.keys()].filter((at) => readProduceBody(body.with(at, 0xff)).ok);
  expect(accepted).toEqual([]);
});

test("sizes over their limits are refused with their place [JSN-3]", () => {
  const long = (length: number) => JSON.stringify("x".repeat(length));
  expect(refusalOf(`{"key":${long(limits.MAX_KEY_BYTES + 1)}}`)).toMatchObject({
    code: "record_too_large",
    field: "records[1].key",
  });
  expect(refusalOf(`{"value":${long(limits.MAX_RECORD_BYTES)}}`)).toMatchObject({
    code: "record_too_large",
    field: "records[1]",
  });
  expect(refusalOf(`{"value":1,"headers":{"h":${long(limits.MAX_HEADER_BYTES)}}}`)).toMatchObject({
    code: "record_too_large",
    field: "records[1].headers.h",
  });
  const headers = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`h${index}`, ""]));
  expect(refusalOf(`{"value":1,"headers":${JSON.stringify(headers)}}`)).toMatchObject({
    code: "record_too_large",
    field: "records[1].headers",
  });
  // The text of the value is what is stored: two quotes beside the characters.
  expect(one(`{"key":"k","value":${long(limits.MAX_RECORD_BYTES - 3)}}`).key).toBe("k");
});

test("more records than a request may have are refused [JSN-3]", () => {
  const records = Array.from({ length: limits.MAX_RECORDS_PER_REQUEST }, () => '{"key":"k"}');
  expect(read(`{"records":[${records.join(",")}]}`).ok).toBe(true);
  const tooMany = { ok: false, code: "batch_too_large", field: "records", message: "more than 10000 records" };
  expect(read(`{"records":[${records.join(",")},{"key":"k"}]}`)).toMatchObject(tooMany);
  expect(readProduceLines(bytes(`${records.join("\n")}\n{"key":"k"}`))).toMatchObject(tooMany);
});

test("a byte order mark before the text is skipped, elsewhere refused [JSN-9]", () => {
  expect(read('\uFEFF{"records":[{"key":"a"}]}').ok).toBe(true);
  expect(read('\uFEFF\uFEFF{"records":[{"key":"a"}]}').ok).toBe(false);
  expect(read('{"records":[\uFEFF{"key":"a"}]}').ok).toBe(false);
  expect(readProduceLines(bytes('\uFEFF{"key":"a"}')).ok).toBe(true);
  expect(readProduceLines(bytes('{"key":"a"}\n\uFEFF{"key":"a"}')).ok).toBe(false);
});

test("lines end with LF or CRLF, the last one with or without; blank ones are none [JSN-4]", () => {
  const keys = (text: string) => {
    const answer = readProduceLines(bytes(text));
    return answer.ok ? answer.records.map(({ key }) => Buffer.from(key!).toString()) : answer.message;
  };
  expect(keys('{"key":"a"}\n{"key":"b"}')).toEqual(["a", "b"]);
  expect(keys('\n \t\r\n{"key":"a"}\r\n\n {"key":"b"} \n\n')).toEqual(["a", "b"]);
});

test.each([
  ["", "records", "records: there are none"],
  ["\n\n", "records", "records: there are none"],
  ['{"key":"a"}\n\n5', "records[1]", "records[1] (line 3): not a JSON object"],
  ['{"key":"a"}\n{"key":"b","x":1}', "records[1].x", "records[1].x (line 2): unknown field"],
  ['{"key":"a"}{"key":"b"}', "records[0]", "records[0] (line 1): more follows on its line"],
  ['{"key":"a"},\n{"key":"b"}', "records[0]", "records[0] (line 1): more follows on its line"],
  ['{"key":\n"a"}\n', "records[0]", "records[0] (line 1): goes on in the next line"],
  ['{"key":"a\n"}', "records[0].key", "records[0].key (line 1): not valid JSON at or after byte 7"],
])("lines %j are refused [JSN-4]", (text, field, message) => {
  expect(readProduceLines(bytes(text))).toMatchObject({ ok: false, code: "invalid_request", field, message });
});
