import { expect, test } from "vitest";
import type { Done, Failure } from "./api.js";
import { Gate } from "./gate.js";
import { pauseMs, poll } from "./poll.js";

const unreachable: Failure = { ok: false, kind: "unreachable", code: "", message: "refused" };
const stopped: Failure = { ok: false, kind: "stopped", code: "", message: "stopped" };

test("pauses double from half a second to 15 seconds [UI-8]", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 100].map(pauseMs)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
});

test("failures in a row are counted until one answer [UI-8]", async () => {
  const gate = new Gate();
  gate.set(true);
  const end = new AbortController();
  const outcomes: (Done | Failure)[] = [unreachable, unreachable, { ok: true }, unreachable, { ok: true }];
  const counts: number[] = [];
  await poll(gate, {
    everyMs: 0,
    work: () => Promise.resolve(outcomes.shift() ?? stopped),
    report: (_outcome, failures) => {
      counts.push(failures);
      // Instead of waiting for the pause.
      queueMicrotask(() => gate.wake());
      if (outcomes.length === 0) end.abort();
    },
    signal: end.signal,
  });
  expect(counts).toEqual([1, 2, 0, 1, 0]);
});

test("nothing is asked while the gate is closed, and closing it ends what is under way [UI-7]", async () => {
  const gate = new Gate();
  const end = new AbortController();
  let asked = 0;
  const reported: boolean[] = [];
  const polling = poll(gate, {
    everyMs: 0,
    work: async (signal) => {
      asked++;
      if (asked === 2) return { ok: true };
      // A long poll: it ends only with its signal.
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return stopped;
    },
    report: ({ ok }) => {
      reported.push(ok);
      end.abort();
    },
    signal: end.signal,
  });
  await Promise.resolve();
  expect(asked).toBe(0);
  gate.set(true);
  await expect.poll(() => asked).toBe(1);
  gate.set(false);
  expect(gate.signal.aborted).toBe(true);
  gate.set(true);
  await polling;
  expect(asked).toBe(2);
  expect(reported).toEqual([true]);
});
