import fc from "fast-check";
import { expect, test } from "vitest";
import type { Refusal } from "./error.ts";
import { readProduceBody, readProduceLines } from "./produce-text.ts";
import { produceBody } from "./wire/request/produce-body.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = fc.string({ unit: "binary", maxLength: 12 });
const valueText = fc.json({ stringUnit: "binary" });

const arbitraryRecord = fc.record(
  {
    key: fc.option(text),
    value: valueText,
    timestamp: fc.integer({ min: 0, max: 253_402_300_799_999 }),
    headers: fc.dictionary(text, text, { maxKeys: 3 }),
    partition: fc.nat(300),
  },
  { requiredKeys: ["key", "value"] },
);

type Written = typeof arbitraryRecord extends fc.Arbitrary<infer T> ? T : never;

/** The record object, with `value` as the text it is. */
function written({ value, ...rest }: Written): string {
  return JSON.stringify({ ...rest, value: 0 }).replace(/0\}$/, () => `${value}}`);
}

function expectRecords(answer: ReturnType<typeof readProduceBody>, records: readonly Written[]): void {
  expect(answer).toEqual({
    ok: true,
    records: records.map(({ key, value, timestamp, headers, partition }) => ({
      key: key === null ? null : bytes(key),
      value: value === "null" ? null : bytes(value),
      headers: Object.entries(headers ?? {}).map(([name, header]) => ({ key: name, value: bytes(header) })),
      timestampMs: timestamp,
      partition,
    })),
  });
}

const arbitraryRecords = fc.array(
  arbitraryRecord.filter(({ key, value }) => (key !== null || value !== "null") && !/^\{"base64":[^,]*\}$/.test(value)),
  { minLength: 1, maxLength: 10 },
);

test("records come out as they were written, values as their exact text [JSN-3, JSN-5]", () => {
  fc.assert(
    fc.property(arbitraryRecords, (records) => {
      expectRecords(readProduceBody(bytes(`{"records":[${records.map(written).join(",")}]}`)), records);
      expectRecords(readProduceLines(bytes(records.map(written).join("\n"))), records);
    }),
  );
});

function shapeProblem(body: Uint8Array): unknown {
  const parsed: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  return produceBody.safeParse(parsed).error?.issues;
}

test("the published shape has no empty body either [JSN-3]", () => {
  const body = bytes('{"records":[]}');
  expect(readProduceBody(body).ok).toBe(false);
  expect(shapeProblem(body)).toBeDefined();
});

/** A refusal quotes input: only a little of it, and not bytes that are no text. */
function refusalProblem({ message }: Refusal): string | undefined {
  return message.length < 500 ? undefined : message;
}

test("mutated bodies are answered, and what is accepted the published shape accepts too [JSN-3]", () => {
  const token = fc.oneof(
    fc.nat(255).map((byte) => Uint8Array.of(byte)),
    fc.constantFrom(...Array.from('{}[],:"\\0-.eE1nt '), '"key":"a",', '"value":1', "null", "1e400", "\n").map(bytes),
  );
  fc.assert(
    fc.property(arbitraryRecords, fc.tuple(fc.nat(), fc.nat(3)), token, (records, [place, cut], put) => {
      const body = bytes(`{"records":[${records.map(written).join(",")}]}`);
      const at = place % (body.length + 1);
      const mutated = new Uint8Array([...body.subarray(0, at), ...put, ...body.subarray(at + cut)]);
      const answer = readProduceBody(mutated);
      expect(answer.ok ? shapeProblem(mutated) : refusalProblem(answer)).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});

test("any bytes are answered [JSN-3]", () => {
  const alphabet = fc.string({ unit: fc.constantFrom(...Array.from('{}[],:"\\ keyvalu1'), "\n", "é"), maxLength: 60 });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), alphabet.map(bytes)), (each) => {
      const body = new Uint8Array(each);
      expect(typeof readProduceBody(body).ok).toBe("boolean");
      expect(typeof readProduceLines(body).ok).toBe("boolean");
    }),
    { numRuns: 1000 },
  );
});
