// What must come of the records, from their arrays alone: loops over arrays, nothing of the engine.
import type { Sent, ShopRecords } from "./records.ts";
import {
  COUNT_WINDOW_MS,
  type Order,
  PAID_WITHIN_MS,
  type PaidOrder,
  type PricedOrder,
  type Sales,
  SALES_WINDOW_MS,
} from "./worker/shop.ts";

export interface Counted {
  readonly start: number;
  readonly orders: number;
}

/** A record of an output: the time it must have is part of it. */
export interface Made<Value> {
  readonly key: string;
  readonly value: Value;
  readonly timestampMs: number;
}

export interface Expected {
  /** In the order of each customer. */
  readonly priced: readonly Made<PricedOrder>[];
  /** In the order of each order. */
  readonly paid: readonly Made<PaidOrder>[];
  /** In the order of each category. */
  readonly counts: readonly Made<Counted>[];
  /** Orders on which user code throws. */
  readonly deadLetters: readonly Order[];
  /** By category, then window. */
  readonly sales: readonly Sales[];
}

/** `closing`: orders that only move time, behind which nothing closes any more. */
export function expectedOf(
  { customers, orders, payments }: ShopRecords,
  closing: Pick<ShopRecords, "customers" | "orders">,
): Expected {
  const tiers = groupBy([...customers, ...closing.customers], ({ key }) => key);
  const priced: Made<PricedOrder>[] = [];
  const deadLetters: Order[] = [];
  for (const { key, value, timestampMs } of [...orders, ...closing.orders]) {
    const row = tiers.get(key)?.findLast((each) => each.timestampMs <= timestampMs)?.value;
    if (row === null || row === undefined) continue;
    if (value.amount < 0) deadLetters.push(value);
    else priced.push({ key, value: { ...value, customer: key, tier: row.tier }, timestampMs });
  }
  const closers = new Set(closing.orders.map(({ value }) => value.order));
  const byOrder = groupBy(payments, ({ value }) => value.order);
  const paid = priced
    .filter(({ value }) => !closers.has(value.order))
    .flatMap(({ value, timestampMs }) => withPayments(value, timestampMs, byOrder.get(value.order) ?? []));
  return { priced, paid, counts: countsOf(orders), deadLetters, sales: salesOf(paid) };
}

function withPayments(order: PricedOrder, orderMs: number, payments: ShopRecords["payments"]): Made<PaidOrder>[] {
  const inTime = payments.filter(({ timestampMs }) => Math.abs(timestampMs - orderMs) <= PAID_WITHIN_MS);
  if (inTime.length === 0) return [{ key: order.order, value: { ...order, paid: null }, timestampMs: orderMs }];
  return inTime.map(({ value: { paid }, timestampMs }) => ({
    key: order.order,
    value: { ...order, paid },
    timestampMs: Math.max(orderMs, timestampMs),
  }));
}

function windowOf(timestampMs: number, sizeMs: number): number {
  return Math.floor(timestampMs / sizeMs) * sizeMs;
}

function countsOf(orders: readonly Sent<Order>[]): Made<Counted>[] {
  const windows = groupBy(orders, ({ value, timestampMs }) =>
    JSON.stringify([value.category, windowOf(timestampMs, COUNT_WINDOW_MS)]),
  );
  return [...windows]
    .map(([place, some]) => {
      const [key, start] = JSON.parse(place) as [string, number];
      return { key, value: { start, orders: some.length }, timestampMs: lastOf(some) };
    })
    .toSorted((a, b) => a.value.start - b.value.start);
}

/** The result of a window has the time of its last record. */
function lastOf(records: readonly Sent<unknown>[]): number {
  return Math.max(...records.map(({ timestampMs }) => timestampMs));
}

function salesOf(paid: readonly Made<PaidOrder>[]): Sales[] {
  const windows = groupBy(paid, ({ value, timestampMs }) =>
    JSON.stringify([value.category, windowOf(timestampMs, SALES_WINDOW_MS)]),
  );
  return [...windows]
    .map(([place, some]) => {
      const [category, windowStart] = JSON.parse(place) as [string, number];
      return {
        category,
        window_start: windowStart,
        orders: some.length,
        unpaid: some.filter(({ value }) => value.paid === null).length,
        amount: some.reduce((sum, { value }) => sum + value.amount, 0),
      };
    })
    .toSorted((a, b) => compare(a.category, b.category) || a.window_start - b.window_start);
}

/** `Map.groupBy`, which ES2023 does not have. */
function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
