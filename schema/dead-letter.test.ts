import { expect, test } from "vitest";
import { inputOf, LETTER, letterHeader, readDeadLetter } from "./dead-letter.ts";
import type { ConsumerRecord } from "./record.ts";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

const letter: ConsumerRecord = {
  key: bytes("k"),
  value: bytes("1"),
  timestampMs: 7,
  offset: 99,
  headers: [
    letterHeader("h", "own"),
    letterHeader(LETTER.error, "an older letter's"),
    letterHeader(LETTER.error, "why"),
    letterHeader(LETTER.pipeline, "p"),
    letterHeader(LETTER.version, "2"),
    letterHeader(LETTER.incarnation, "3"),
    letterHeader(LETTER.kind, "record"),
    letterHeader(LETTER.task, "a/b.c/4"),
    letterHeader(LETTER.offset, "5"),
    letterHeader(LETTER.node, "map-1"),
  ],
};

test("the headers of a letter are read apart from those of its record, another letter's included [ERR-5]", () => {
  expect(readDeadLetter(letter)).toMatchObject({
    error: "why",
    stack: "",
    kind: "record",
    pipeline: "p",
    version: 2,
    incarnation: 3,
    task: { topic: "a/b.c", partition: 4 },
    taskOffset: 5,
    node: "map-1",
    target: undefined,
    record: { key: bytes("k"), value: bytes("1"), timestampMs: 7, headers: letter.headers.slice(0, 2) },
  });
  expect(readDeadLetter({ ...letter, headers: [] })).toBeUndefined();
});

test("what names no task is no letter [ERR-5]", () => {
  for (const task of ["orders/-1", "orders/1.5", "orders/x", "orders", "orders/1e400"]) {
    const headers = letter.headers.map((header) =>
      header.key === LETTER.task ? letterHeader(LETTER.task, task) : header,
    );
    expect(readDeadLetter({ ...letter, headers })).toBeUndefined();
  }
});

test("a letter that does not say what it is, of an older version, is unfit [ERR-7]", () => {
  const old = { ...letter, headers: letter.headers.filter(({ key }) => key !== LETTER.kind) };
  expect(readDeadLetter(old)).toMatchObject({ kind: "result" });
});

test("a record of an internal topic gets back what stood in front of its value, a tombstone too [ERR-5]", () => {
  const found = readDeadLetter({
    ...letter,
    headers: [...letter.headers, { key: LETTER.envelope, value: Uint8Array.of(0, 1) }],
  });
  if (found === undefined) throw new Error("a letter");
  expect(inputOf(found)).toMatchObject({ value: Uint8Array.of(0, 1, 0x31), offset: 5 });
  const tombstone = { ...found, record: { ...found.record, value: null } };
  expect(inputOf(tombstone).value).toEqual(Uint8Array.of(0, 1));
});
