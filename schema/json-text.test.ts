import fc from "fast-check";
import { expect, test } from "vitest";
import { isJson, skipJson } from "./json-text.ts";
import { MAX_JSON_DEPTH } from "./limits.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const fatal = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** JSON.parse over bytes: the yardstick. */
function parses(text: Uint8Array): boolean {
  try {
    JSON.parse(fatal.decode(text));
    return true;
  } catch {
    return false;
  }
}

/** Examples as they are, backslashes too. */
const examples = (text: string) => text.split(" ~ ");

const json = String.raw`null ~ true ~ false ~ 0 ~ -0 ~ -1.5e+10 ~ 1E5 ~ 12.30 ~ 1e400 ~ "" ~ "a" ~ [] ~ {} ~ [ ] ~ { }`;
const moreJson = String.raw`{"a":{"b":[]}} ~ {"":0,"":1} ~ {"__proto__":1} ~ "\u00e9\ud83d\ude00\/\b" ~ "\ud800" ~ "é東😀"`;

test.each([...examples(json), ...examples(moreJson), " [1, 2]\r\n\t", '"\u007f\u2028"'])(
  "%j is JSON [JSN-1]",
  (text) => {
    expect(isJson(bytes(text))).toBe(true);
    expect(parses(bytes(text))).toBe(true);
  },
);

const noWord = String.raw`nul ~ nulll ~ True ~ NaN ~ Infinity ~ -Infinity ~ undefined ~ 'a' ~ /**/1 ~ 1 2 ~ {}x`;
const noNumber = String.raw`01 ~ - ~ +1 ~ 1. ~ .5 ~ 1e ~ 1e+ ~ 0x1 ~ --1 ~ -a`;
const noString = String.raw`" ~ "a ~ "\ ~ "\x" ~ "\u12g4" ~ "\u123" ~ "\u12`;
const noArray = String.raw`[ ~ [1 ~ [1, ~ [1,] ~ [,1] ~ [1 2] ~ ]`;
const noObject = String.raw`{ ~ {"a" ~ {"a": ~ {"a":1 ~ {"a":1, ~ {"a":1,} ~ {a:1} ~ {"a" 1} ~ {1:1} ~ {"a":1 "b":2} ~ }`;
const noSpace = ["", " ", '"\n"', '"\t"', '"\u0000"', "\uFEFF1", "\u00a01"];

test.each([...[noWord, noNumber, noString, noArray, noObject].flatMap(examples), ...noSpace])(
  "%j is no JSON [JSN-1]",
  (text) => {
    expect(isJson(bytes(text))).toBe(false);
    expect(parses(bytes(text))).toBe(false);
  },
);

test("malformed UTF-8 in a string is no JSON [JSN-1]", () => {
  for (const malformed of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x80]]) {
    expect(isJson(Uint8Array.of(0x22, ...malformed, 0x22))).toBe(false);
  }
});

/** Documents with any whitespace and any spelling of strings and numbers. */
const space = fc.string({ unit: fc.constantFrom(" ", "\n", "\r", "\t"), maxLength: 2 });
const spelling = fc.oneof(
  fc.json({ depthSize: "medium", stringUnit: "binary" }),
  fc
    .string({ unit: "binary", maxLength: 8 })
    .map((text) =>
      JSON.stringify(text).replaceAll(/[^"\\]/g, (unit, index: number, all: string) =>
        all[index - 1] !== "\\" && unit.charCodeAt(0) % 3 === 0 && !/\\u.{0,3}$/.test(all.slice(0, index))
          ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
          : unit,
      ),
    ),
  fc.double().map((number) => (Number.isFinite(number) ? number.toExponential() : "1e999")),
  fc.constantFrom('"\\ud800"', '"\\/\\b\\f"', "12.300", "-0.0e-0", "9007199254740993"),
);
const document = fc
  .tuple(fc.array(spelling, { maxLength: 4 }), space, space)
  .map(([items, before, after]) => `${before}[${items.join(`${after},${before}`)}]${after}`);

test("a generated document is JSON, and its value ends where it does [JSN-1]", () => {
  fc.assert(
    fc.property(document, fc.string({ unit: "binary", maxLength: 5 }), (text, rest) => {
      const utf8 = bytes(text);
      expect(isJson(utf8)).toBe(true);
      const start = text.length - text.trimStart().length;
      const value = bytes(text.trimEnd());
      expect(skipJson(new Uint8Array([...value, ...bytes(`]${rest}`)]), start)).toBe(value.length);
    }),
  );
});

/** Where acceptance differs from JSON.parse's: the document itself is the message. */
const differs = (text: Uint8Array) => (isJson(text) === parses(text) ? undefined : Buffer.from(text).toString());

test("acceptance agrees with JSON.parse on mutated documents [JSN-1]", () => {
  const token = fc.oneof(
    fc.nat(255).map((byte) => Uint8Array.of(byte)),
    fc.constantFrom(...Array.from('{}[],:"\\0-.eE+1unt \n'), "\\u", '""', "null", "😀").map(bytes),
    fc.constant(new Uint8Array(0)),
  );
  fc.assert(
    fc.property(document, fc.tuple(fc.nat(), fc.nat(2)), token, (text, [place, cut], put) => {
      const utf8 = bytes(text);
      const at = place % (utf8.length + 1);
      const mutated = new Uint8Array([...utf8.subarray(0, at), ...put, ...utf8.subarray(at + cut)]);
      expect(differs(mutated)).toBeUndefined();
    }),
    { numRuns: 1000 },
  );
});

test("acceptance agrees with JSON.parse on short texts of its characters [JSN-1]", () => {
  const characters = fc.constantFrom(...Array.from('{}[],:"\\0-.eE+19ubnlt '));
  fc.assert(
    fc.property(fc.string({ unit: characters, maxLength: 8 }), (text) => {
      expect(differs(bytes(text))).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
});

test("nesting ends at the limit, and cannot overflow the stack [JSN-2]", () => {
  const nested = (depth: number) => bytes("[".repeat(depth) + "]".repeat(depth));
  expect(isJson(nested(MAX_JSON_DEPTH))).toBe(true);
  expect(isJson(nested(MAX_JSON_DEPTH + 1))).toBe(false);
  expect(isJson(bytes('{"a":'.repeat(MAX_JSON_DEPTH) + "1" + "}".repeat(MAX_JSON_DEPTH)))).toBe(true);
  expect(isJson(bytes('{"a":'.repeat(MAX_JSON_DEPTH + 1) + "1" + "}".repeat(MAX_JSON_DEPTH + 1)))).toBe(false);
  expect(isJson(new Uint8Array(5_000_000).fill(0x5b))).toBe(false);
  expect(isJson(bytes('{"":'.repeat(1_000_000)))).toBe(false);
});

test("where no value begins there is no end", () => {
  expect(skipJson(bytes("1"), 1)).toBe(-1);
  expect(skipJson(bytes("1"), 5)).toBe(-1);
  expect(skipJson(bytes(" 1"), 0)).toBe(-1);
});
