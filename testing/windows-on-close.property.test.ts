import fc from "fast-check";
import { expect, test } from "vitest";
import { every, pipeline } from "../sdk/streams/index.ts";
import { driven, type Given, shown } from "./test/windowed-run.ts";
import { finals, hops } from "./test/closing-windows.ts";

const records = fc.array(fc.tuple(fc.constantFrom("a", "b", "é"), fc.constantFrom("x", "y"), fc.nat(40)), {
  maxLength: 40,
});

/** What the rules say, by hand: after each record the windows that have closed by then, by start, then key. */
function expected(given: readonly Given[]): { out: string[]; late: string[] } {
  const open = new Map<string, { key: string; start: number; text: string; time: number }>();
  const out: string[] = [];
  const late: string[] = [];
  let streamTime = -Infinity;
  for (const [key = "", value, time] of given as readonly (readonly [string, string, number])[]) {
    streamTime = Math.max(streamTime, time);
    const starts = [Math.floor(time / 3) * 3 - 3, Math.floor(time / 3) * 3].filter((start) => start >= 0);
    const taking = starts.filter((start) => start + 6 > streamTime - 2);
    if (taking.length === 0) late.push(`${key} ${value} (${time})`);
    for (const start of taking) {
      const window = open.get(`${start}/${key}`) ?? { key, start, text: "", time };
      open.set(`${start}/${key}`, { ...window, text: window.text + value, time: Math.max(window.time, time) });
    }
    const closed = [...open].filter(([, { start }]) => start <= streamTime - 2 - 6);
    for (const [place] of closed) open.delete(place);
    const sorted = closed.toSorted(([, a], [, b]) => a.start - b.start || (a.key < b.key ? -1 : 1));
    for (const [, window] of sorted)
      out.push(`${window.key}@${window.start}-${window.start + 6} ${window.text} (${window.time})`);
  }
  return { out, late };
}

test("each window comes once when it has closed, by start and key, in any slicing and across crashes [WIN-10]", () => {
  fc.assert(
    fc.property(records, fc.nat(5), fc.boolean(), (given, slice, crash) => {
      expect(shown(driven(finals(hops), given, { slice: slice + 1, crash }))).toEqual(expected(given).out);
    }),
  );
});

test("in micro-batches they come at the end of the batch in which they closed [WIN-10]", () => {
  fc.assert(
    fc.property(records, fc.nat(5), fc.boolean(), (given, slice, crash) => {
      const subject = finals(hops).trigger(every("1 second"));
      expect(shown(driven(subject, given, { slice: slice + 1, crash }))).toEqual(expected(given).out);
    }),
  );
});

test("exactly the records that no window takes are among the late [WIN-11]", () => {
  const late = pipeline("late", ({ stream }) =>
    stream<string>("in").groupByKey().windowedBy(hops).count().late().to("out"),
  );
  fc.assert(
    fc.property(records, fc.nat(5), fc.boolean(), (given, slice, crash) => {
      expect(shown(driven(late, given, { slice: slice + 1, crash }))).toEqual(expected(given).late);
    }),
  );
});
