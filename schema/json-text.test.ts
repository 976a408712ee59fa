import { expect, test } from "vitest";
import { isJson, skipJson } from "./json-text.ts";
import { MAX_JSON_DEPTH } from "./limits.ts";
import { parses, bytes } from "./test/json-yardstick.ts";

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
