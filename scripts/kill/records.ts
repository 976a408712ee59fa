import { seededRandom } from "../test/seeded-random.ts";
import type { Customer, Order, Payment } from "./worker/shop.ts";

export interface Sent<Value> {
  readonly key: string;
  readonly value: Value;
  readonly timestampMs: number;
}

/** What goes to the topics, each in order of time, so that no record is late. */
export interface ShopRecords {
  readonly customers: readonly Sent<Customer | null>[];
  readonly orders: readonly Sent<Order>[];
  readonly payments: readonly Sent<Payment>[];
}

/** 2026-01-01T00:00:00Z. */
const START_MS = 1_767_225_600_000;
const ORDER_EVERY_MS = 100;
const CUSTOMERS = 30;
const CATEGORIES = ["bread", "milk", "salt", "soap", "tea"];
const TIERS = ["bronze", "silver", "gold"];
const TILLS = 7;
/** Behind everything else by more than any window and grace: `close` has it. */
const CLOSE_MS = START_MS + 3 * 86_400_000;
/** Enough for every partition to get one under each way of placing them. */
const CLOSERS = 48;

export function shopRecords(seed: number, count: number): ShopRecords {
  const random = seededRandom(seed);
  const below = (most: number): number => Math.floor(random() * most);
  const pick = (items: readonly string[]): string => items[below(items.length)] ?? "";
  const orders = Array.from({ length: count }, (_, index): Sent<Order> => {
    const amount = random() < 0.01 ? -1 : below(500);
    const value = { order: `o${index}`, category: pick(CATEGORIES), amount };
    return { key: `c${below(CUSTOMERS)}`, value, timestampMs: START_MS + index * ORDER_EVERY_MS };
  });
  const payments = orders.flatMap(({ value: { order, amount }, timestampMs }, index) => {
    const payment = (): Sent<Payment> => ({
      key: `till-${index % TILLS}`,
      value: { order, paid: below(amount + 1) },
      // Some before their order, some too late.
      timestampMs: timestampMs - 5_000 + below(75_000),
    });
    const times = random();
    return times < 0.15 ? [] : times < 0.8 ? [payment()] : [payment(), payment()];
  });
  return {
    customers: customersOver(count * ORDER_EVERY_MS, below),
    orders,
    payments: payments.toSorted((a, b) => a.timestampMs - b.timestampMs),
  };
}

/** Tiers that change, customers that are unknown at first, and some that go. */
function customersOver(spanMs: number, below: (most: number) => number): Sent<Customer | null>[] {
  const rows = Array.from({ length: CUSTOMERS }, (_, index) => {
    const first = index % 5 === 0 ? below(spanMs / 2) : 0;
    const changes = Array.from({ length: 4 }, () => first + below(spanMs));
    return [first, ...changes].map((atMs, change): Sent<Customer | null> => {
      const gone = change > 0 && index % 7 === 0 && atMs % 3 === 0;
      const value = gone ? null : { tier: TIERS[below(TIERS.length)] ?? "" };
      return { key: `c${index}`, value, timestampMs: START_MS + atMs };
    });
  });
  // Times of one customer differ, so that it does not matter which of two rows came first.
  return rows
    .flatMap((some) => [...new Map(some.map((row) => [row.timestampMs, row])).values()])
    .toSorted((a, b) => a.timestampMs - b.timestampMs);
}

/** Sent when all else has been processed: time passes everything that is open, in every partition. */
export function closingRecords(): Pick<ShopRecords, "customers" | "orders"> {
  const numbers = Array.from({ length: CLOSERS }, (_, index) => index);
  return {
    customers: numbers.map((index) => ({ key: `x${index}`, value: { tier: "none" }, timestampMs: CLOSE_MS - 1 })),
    orders: numbers.map((index) => ({
      key: `x${index}`,
      value: { order: `x${index}`, category: `x${index}`, amount: 0 },
      timestampMs: CLOSE_MS,
    })),
  };
}
