import fc from "fast-check";
import { expect, test } from "vitest";
import type { PatternNode, PatternStep } from "../../../schema/plan.ts";
import { MAX_PATTERN_RUNS } from "../../../schema/limits.ts";
import { advance, type Match, NO_RUNS } from "./runs.ts";

type Part = Pick<PatternStep, "name"> & Partial<PatternStep>;

/** A step takes the letter that it is named by, unless told otherwise. */
function step({ name, ...part }: Part): PatternStep {
  return { name, predicate: (value) => value === name, min: 1, max: 1, contiguity: "next", ...part };
}

function run(letters: string, parts: readonly Part[], options: Partial<PatternNode> = {}): string[] {
  const pattern = { steps: parts.map(step), withinMs: 1_000, skip: "pastLast", ...options } as const;
  let state = NO_RUNS;
  const found: Match[] = [];
  for (const [timestampMs, value] of letters.split("").entries()) {
    const item = { value, timestampMs, streamTimeMs: timestampMs, context: {} as never };
    const next = advance(pattern, state, item);
    // State is kept as JSON between records.
    state = JSON.parse(JSON.stringify(next.state)) as typeof state;
    found.push(...next.matches);
  }
  return found.map(
    ({ startMs, matched }) =>
      `${startMs}:${Object.values(matched)
        .map((taken) => taken.join(""))
        .join("|")}`,
  );
}

test("next takes the very next record, later lets others lie between [PAT-1]", () => {
  expect(run("abxab", [{ name: "a" }, { name: "b" }])).toEqual(["0:a|b", "3:a|b"]);
  expect(run("axb", [{ name: "a" }, { name: "b" }])).toEqual([]);
  expect(run("axbb", [{ name: "a" }, { name: "b", contiguity: "later" }])).toEqual(["0:a|b"]);
});

test("a record for which unless is true ends the attempt [PAT-1]", () => {
  const unless = (value: unknown): boolean => value === "c";
  const pattern: Part[] = [{ name: "a" }, { name: "b", contiguity: "later", unless }];
  expect(run("axcb", pattern)).toEqual([]);
  expect(run("acaxb", pattern)).toEqual(["2:a|b"]);
});

test("a step takes as many as it may before the next one does [PAT-2]", () => {
  const many: Part[] = [{ name: "a", min: 2, max: Infinity }, { name: "b" }];
  expect(run("ab", many)).toEqual([]);
  expect(run("aaab", many)).toEqual(["0:aaa|b"]);
  expect(run("abxaab", [{ name: "a" }, { name: "x", min: 0 }, { name: "b" }])).toEqual(["0:a||b", "4:a||b"]);
  expect(run("axb", [{ name: "a" }, { name: "x", min: 0 }, { name: "b" }])).toEqual(["0:a|x|b"]);
  expect(run("aaaab", [{ name: "a", min: 1, max: 2 }, { name: "b" }])).toEqual(["2:aa|b"]);
});

test("a last step is found with the least that it needs [PAT-2]", () => {
  expect(run("abbb", [{ name: "a" }, { name: "b", min: 2, max: 3 }])).toEqual(["0:a|bb"]);
});

test("after a match the search begins behind its last record, or goes on with later starts [PAT-3]", () => {
  const pair: Part[] = [{ name: "a" }, { name: "b", contiguity: "later" }];
  expect(run("aab", pair)).toEqual(["0:a|b"]);
  expect(run("aab", pair, { skip: "toNext" })).toEqual(["0:a|b", "1:a|b"]);
  const any = { predicate: () => true };
  expect(
    run("xyz", [
      { name: "1", ...any },
      { name: "2", ...any },
    ]),
  ).toEqual(["0:x|y"]);
  expect(
    run(
      "xyz",
      [
        { name: "1", ...any },
        { name: "2", ...any },
      ],
      { skip: "toNext" },
    ),
  ).toEqual(["0:x|y", "1:y|z"]);
});

test("a match is no longer than within [PAT-4]", () => {
  const pair: Part[] = [{ name: "a" }, { name: "b", contiguity: "later" }];
  expect(run("axxb", pair, { withinMs: 3 })).toEqual(["0:a|b"]);
  expect(run("axxxb", pair, { withinMs: 3 })).toEqual([]);
});

test("a predicate sees what was taken before [PAT-1]", () => {
  const again = (value: unknown, taken: { readonly [step: string]: readonly unknown[] }): boolean =>
    value === taken["any"]?.[0];
  expect(
    run("abcb", [
      { name: "any", predicate: () => true },
      { name: "same", predicate: again, contiguity: "later" },
    ]),
  ).toEqual(["1:b|b"]);
});

test("steps that follow at once find what a regular expression finds [PAT-2, PAT-3]", () => {
  const times = fc.constantFrom<[number, number, string]>(
    [1, 1, ""],
    [1, Infinity, "+"],
    [0, 1, "?"],
    [0, Infinity, "*"],
    [2, 3, "{2,3}"],
  );
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 12 }),
      times,
      times,
      (letters, first, second) => {
        const parts: Part[] = [
          { name: "a", min: first[0], max: first[1] },
          { name: "b", min: second[0], max: second[1] },
          { name: "c" },
        ];
        const expected = [...letters.matchAll(new RegExp(`(a${first[2]})(b${second[2]})(c)`, "g"))];
        // Steps with different letters leave no choice but how many: then the two agree on every match.
        expect(run(letters, parts)).toEqual(expected.map(({ index, 1: a, 2: b, 3: c }) => `${index}:${a}|${b}|${c}`));
      },
    ),
  );
});

test("more open attempts than the limit are an error that says what to do [PAT-5]", () => {
  const steps = [step({ name: "a" }), step({ name: "b", contiguity: "later" })];
  const pattern = { steps, withinMs: 1_000, skip: "pastLast" } as const;
  const after = (state: typeof NO_RUNS, timestampMs: number) =>
    advance(pattern, state, { value: "a", timestampMs, streamTimeMs: timestampMs, context: {} as never }).state;
  let state = NO_RUNS;
  for (let at = 0; at < MAX_PATTERN_RUNS; at++) state = after(state, at);
  expect(() => after(state, MAX_PATTERN_RUNS)).toThrow(`${MAX_PATTERN_RUNS + 1} attempts`);
});

test("attempts that are over leave nothing, whether they were let go of before or not [PAT-4]", () => {
  const pattern = { steps: [step({ name: "a" }), step({ name: "b" })], withinMs: 10, skip: "toNext" } as const;
  const at = (timestampMs: number) => ({ value: "a", timestampMs, streamTimeMs: timestampMs, context: {} as never });
  const begun = advance(pattern, NO_RUNS, at(0)).state;
  expect(begun.runs).toHaveLength(1);
  expect(advance(pattern, begun, at(11)).state).toEqual(advance(pattern, NO_RUNS, at(11)).state);
});
