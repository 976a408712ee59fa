import { expect, test } from "vitest";
import { bareObject, inPartitionStorage } from "../test/bare-storage.ts";
import { Timers } from "./timers.ts";
import { evict } from "../test/evict.ts";

/** Far enough ahead that no alarm fires during a test. */
const LATER = Date.now() + 3_600_000;

/** Where the alarm stands, in ms after LATER. */
async function alarmOf(storage: DurableObjectStorage): Promise<number | undefined> {
  const alarmMs = await storage.getAlarm();
  return alarmMs === null ? undefined : alarmMs - LATER;
}

function namesOf(storage: DurableObjectStorage): string[] {
  return storage.sql
    .exec<{ name: string }>("SELECT name FROM timer ORDER BY due_ms")
    .toArray()
    .map(({ name }) => name);
}

test("the alarm is set to the earliest timer [TIM-1]", () =>
  inPartitionStorage(async (storage) => {
    const timers = new Timers(storage);
    expect(await alarmOf(storage)).toBeUndefined();
    timers.set("b", LATER + 200);
    expect(await alarmOf(storage)).toBe(200);
    timers.set("c", LATER + 300);
    expect(await alarmOf(storage)).toBe(200);
    timers.set("a", LATER + 100);
    expect(await alarmOf(storage)).toBe(100);
    expect([timers.get("a"), timers.get("z")]).toEqual([LATER + 100, undefined]);
    expect(namesOf(storage)).toEqual(["a", "b", "c"]);
  }));

test("a timer moved later, or cleared, leaves the alarm: it comes early once and is set anew [TIM-1]", () =>
  inPartitionStorage(async (storage) => {
    const timers = new Timers(storage);
    timers.set("a", LATER + 100);
    timers.set("b", LATER + 200);
    timers.set("a", LATER + 300);
    expect(await alarmOf(storage)).toBe(100);
    expect(timers.takeDue(LATER + 100)).toEqual([]);
    timers.rearm(LATER + 100);
    expect(await alarmOf(storage)).toBe(200);
    timers.clear("b");
    timers.rearm(LATER + 100);
    expect(await alarmOf(storage)).toBe(300);
  }));

test("what is due is taken and named, the rest waits [TIM-2]", () =>
  inPartitionStorage((storage) => {
    const timers = new Timers(storage);
    for (const [name, dueMs] of [
      ["a", 100],
      ["b", 200],
      ["c", 201],
    ] as const)
      timers.set(name, LATER + dueMs);
    expect(timers.takeDue(LATER + 200).toSorted()).toEqual(["a", "b"]);
    expect(timers.takeDue(LATER + 200)).toEqual([]);
    expect([timers.get("a"), timers.get("c")]).toEqual([undefined, LATER + 201]);
    expect(namesOf(storage)).toEqual(["c"]);
  }));

test("after an eviction timers are known, and setting one never moves the alarm behind an earlier one [TIM-3]", async () => {
  const stub = bareObject();
  await inPartitionStorage((storage) => {
    const timers = new Timers(storage);
    timers.set("deliver", LATER + 100);
    timers.set("retention", LATER + 900);
  }, stub);
  await evict(stub);
  await inPartitionStorage(async (storage) => {
    const timers = new Timers(storage);
    expect([timers.get("deliver"), timers.get("retention")]).toEqual([LATER + 100, LATER + 900]);
    expect(await alarmOf(storage)).toBe(100);
    timers.set("roll", LATER + 500);
    expect(await alarmOf(storage)).toBe(100);
    timers.set("roll", LATER + 50);
    expect(await alarmOf(storage)).toBe(50);
  }, stub);
});

test("an alarm that was lost is set again by rearm [TIM-4]", () =>
  inPartitionStorage(async (storage) => {
    new Timers(storage).set("a", LATER + 100);
    await storage.deleteAlarm();
    new Timers(storage).rearm(LATER);
    expect(await alarmOf(storage)).toBe(100);
  }));

test("rearm sets an overdue timer just ahead of now, since an alarm set to now inside alarm() is lost [TIM-4]", () =>
  inPartitionStorage(async (storage) => {
    const timers = new Timers(storage);
    timers.set("a", LATER + 100);
    timers.rearm(LATER + 100);
    expect(await alarmOf(storage)).toBe(101);
    timers.rearm(LATER + 700);
    expect(await alarmOf(storage)).toBe(701);
    timers.set("b", LATER + 800);
    expect(await alarmOf(storage)).toBe(701);
  }));

test("without a timer rearm sets no alarm, and the next timer sets its own [TIM-4]", () =>
  inPartitionStorage(async (storage) => {
    const timers = new Timers(storage);
    timers.rearm(LATER);
    expect(await alarmOf(storage)).toBeUndefined();
    timers.set("a", LATER + 100);
    // The alarm fires: it is gone, and what is due is taken.
    await storage.deleteAlarm();
    expect(timers.takeDue(LATER + 100)).toEqual(["a"]);
    timers.rearm(LATER + 100);
    expect(await alarmOf(storage)).toBeUndefined();
    timers.set("a", LATER + 500);
    expect(await alarmOf(storage)).toBe(500);
  }));

test("a transaction that throws takes timer and alarm back [TIM-5]", () =>
  inPartitionStorage(async (storage) => {
    new Timers(storage).set("a", LATER + 100);
    const timers = new Timers(storage);
    const fail = (): void => {
      timers.set("b", LATER + 50);
      timers.clear("a");
      throw new Error("rolled back");
    };
    expect(() => storage.transactionSync(fail)).toThrow("rolled back");
    expect(await alarmOf(storage)).toBe(100);
    expect(namesOf(storage)).toEqual(["a"]);
    expect(new Timers(storage).get("a")).toBe(LATER + 100);
  }));

test("a timer set to the time it has writes nothing [TIM-1]", () =>
  inPartitionStorage((storage) => {
    const timers = new Timers(storage);
    timers.set("a", LATER + 100);
    const changes = (): number => storage.sql.exec<{ n: number }>("SELECT total_changes() AS n").one().n;
    const before = changes();
    timers.set("a", LATER + 100);
    timers.clear("b");
    expect(changes()).toBe(before);
  }));
