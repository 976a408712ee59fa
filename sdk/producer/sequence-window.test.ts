import { expect, test } from "vitest";
import { MAX_SEQUENCE, PRODUCER_EXPIRY_MS, REMEMBERED_BATCHES } from "../../schema/limits.ts";
import { sequenceAfter, SequenceWindow, type Slot } from "./sequence-window.ts";

interface Batch {
  readonly name: string;
  readonly recordCount: number;
}

const NOW = 1_000;

function batch(name: string, recordCount = 10): Batch {
  return { name, recordCount };
}

/** A window whose partition knows the producer, and the slots of `names` flying in it. */
function flying(...names: string[]) {
  const window = new SequenceWindow<Batch>({ epoch: 0, nextSequence: 0 });
  window.add(batch("first"));
  const first = take(window);
  window.land(first, "stored", NOW);
  for (const name of names) window.add(batch(name));
  return { window, slots: names.map(() => take(window)) as [Slot<Batch>, Slot<Batch>, Slot<Batch>] };
}

function take(window: SequenceWindow<Batch>): Slot<Batch> {
  const slot = window.take(NOW);
  if (slot === undefined) throw new Error("nothing to send");
  return slot;
}

function namesOf(lost: readonly Batch[] | "contradiction"): readonly string[] | "contradiction" {
  return lost === "contradiction" ? lost : lost.map(({ name }) => name);
}

test("sequences count records and go on at 0 after the greatest [SDK-27]", () => {
  expect(sequenceAfter(0, 10)).toBe(10);
  expect(sequenceAfter(MAX_SEQUENCE, 1)).toBe(0);
  expect(sequenceAfter(MAX_SEQUENCE - 2, 10)).toBe(7);
  const window = new SequenceWindow<Batch>({ epoch: 0, nextSequence: MAX_SEQUENCE - 2 });
  window.add(batch("a"));
  expect(take(window).baseSequence).toBe(MAX_SEQUENCE - 2);
  expect(window.nextSequence).toBe(7);
});

test("one flies alone until the partition knows the producer, and again after a long silence [SDK-22]", () => {
  const window = new SequenceWindow<Batch>({ epoch: 0, nextSequence: 0 });
  expect(window.room(NOW)).toBe(true);
  window.add(batch("a"));
  expect(window.room(NOW)).toBe(false);
  window.land(take(window), "stored", NOW);
  for (let count = 0; count < REMEMBERED_BATCHES; count++) {
    expect(window.room(NOW)).toBe(true);
    window.add(batch("b"));
  }
  expect(window.room(NOW)).toBe(false);
  expect(window.take(NOW + PRODUCER_EXPIRY_MS)).toMatchObject({ baseSequence: 10 });
  expect(window.take(NOW + PRODUCER_EXPIRY_MS)).toBeUndefined();
});

test("a batch stored before an older one keeps its place until that one is [SDK-21]", () => {
  const { window, slots } = flying("a", "b", "c");
  window.land(slots[1], "stored", NOW);
  window.land(slots[2], "stored", NOW);
  window.add(batch("d"));
  window.add(batch("e"));
  expect(window.room(NOW)).toBe(false);
  expect(window.open.map(({ name }) => name)).toEqual(["a", "d", "e"]);
  window.land(slots[0], "stored", NOW);
  expect(window.room(NOW)).toBe(true);
  expect(window.open.map(({ name }) => name)).toEqual(["d", "e"]);
});

test("one that overtook waits for its predecessor and keeps its sequence [SDK-20]", () => {
  const { window, slots } = flying("a", "b", "c");
  window.land(slots[1], "overtook", NOW);
  window.land(slots[2], "overtook", NOW);
  window.add(batch("d"));
  expect(window.take(NOW)).toBeUndefined();
  window.land(slots[0], "stored", NOW);
  expect(take(window)).toMatchObject({ batch: { name: "b" }, baseSequence: 20, epoch: 0 });
  expect(window.take(NOW)).toBeUndefined();
  window.land(slots[1], "stored", NOW);
  expect(take(window)).toMatchObject({ batch: { name: "c" }, baseSequence: 30, epoch: 0 });
  expect(take(window)).toMatchObject({ batch: { name: "d" }, baseSequence: 40, epoch: 0 });
});

test("one whose answer came after its predecessor's is sent again", () => {
  const { window, slots } = flying("a", "b");
  window.land(slots[0], "stored", NOW);
  expect(namesOf(window.land(slots[1], "overtook", NOW))).toEqual([]);
  expect(take(window)).toMatchObject({ batch: { name: "b" }, baseSequence: 20 });
});

test("one that overtook nothing and was told it did is a contradiction [SDK-24]", () => {
  const { window, slots } = flying("a");
  expect(window.land(slots[0], "overtook", NOW)).toBe("contradiction");
});

test("what stands behind a refused batch gets its sequence, in a new epoch where it was sent already [SDK-23]", () => {
  const sent = flying("a", "b");
  expect(namesOf(sent.window.land(sent.slots[0], "refused", NOW))).toEqual(["a"]);
  expect(take(sent.window)).toMatchObject({ batch: { name: "b" }, baseSequence: 0, epoch: 1 });
  // The flight of the old epoch lands on nothing.
  expect(sent.window.flying(sent.slots[1])).toBe(false);
  expect(sent.window.land(sent.slots[1], "stored", NOW)).toEqual([]);
  expect(sent.window.open.map(({ name }) => name)).toEqual(["b"]);

  const unsent = flying("a");
  unsent.window.add(batch("b"));
  unsent.window.land(unsent.slots[0], "refused", NOW);
  expect(take(unsent.window)).toMatchObject({ batch: { name: "b" }, baseSequence: 10, epoch: 0 });
});

test("a refused batch keeps its place while an older one is open [SDK-23]", () => {
  const { window, slots } = flying("a", "b", "c");
  expect(namesOf(window.land(slots[1], "refused", NOW))).toEqual(["b"]);
  window.land(slots[2], "overtook", NOW);
  window.land(slots[0], "unknown", NOW);
  const again = take(window);
  expect(again).toMatchObject({ batch: { name: "a" }, baseSequence: 10, epoch: 0, uncertain: true });
  expect(window.take(NOW)).toBeUndefined();
  window.land(again, "stored", NOW);
  expect(take(window)).toMatchObject({ batch: { name: "c" }, baseSequence: 0, epoch: 1 });
});

test("giving up one that may be stored loses those sent behind it, and no others [SDK-22, SDK-23]", () => {
  const { window, slots } = flying("a", "b", "c");
  window.add(batch("d"));
  window.add(batch("e"));
  window.land(slots[2], "stored", NOW);
  window.land(slots[1], "overtook", NOW);
  window.land(slots[0], "unknown", NOW);
  expect(namesOf(window.giveUp())).toEqual(["a", "b"]);
  const next = take(window);
  expect(next).toMatchObject({ batch: { name: "d" }, baseSequence: 0, epoch: 1 });
  // The partition does not know the new epoch yet.
  expect(window.take(NOW)).toBeUndefined();
  window.land(next, "stored", NOW);
  expect(take(window)).toMatchObject({ batch: { name: "e" }, baseSequence: 10, epoch: 1 });
});

test("one that flies is not given up", () => {
  const { window } = flying("a");
  expect(window.giveUp()).toEqual([]);
});
