import { d1, every, onClose, type Pipeline, pipeline, r2, tumbling, within } from "../../../sdk/streams/index.ts";
import {
  COUNT_WINDOW_MS,
  type Customer,
  type Order,
  PAID_WITHIN_MS,
  type PaidOrder,
  type Payment,
  type PricedOrder,
  SALES_WINDOW_MS,
} from "./shop.ts";

/** Longer than the records' times differ, and less than time is moved at the end: nothing is late, whoever is faster. */
const GRACE = "1 day";
const KEPT = "30 days";

/** Record by record: joins with a table as of a time and with a stream, windows, a topic, D1 and R2, in three tasks. */
const shop = pipeline("shop", ({ stream, table }) => {
  const customers = table<Customer>("customers", { store: "customers", versioned: { historyRetention: KEPT } });
  const priced = stream<Order>("orders").join(customers, (order, { tier }, customer): PricedOrder => {
    if (order.amount < 0) throw new Error(`${order.order} has a negative amount`);
    return { ...order, customer, tier };
  });
  priced.to("priced");

  const paid = priced
    .selectKey(({ order }) => order)
    .leftJoin(
      stream<Payment>("payments").selectKey(({ order }) => order),
      (order, payment): PaidOrder => ({ ...order, paid: payment === null ? null : payment.paid }),
      within(PAID_WITHIN_MS, { grace: GRACE }),
    );
  paid.to("paid");
  paid.to(r2("paid", { path: ({ customer }) => customer, roll: "1 second" }));

  paid
    .groupBy(({ category }) => category)
    .windowedBy(tumbling({ size: SALES_WINDOW_MS, grace: "7 days" }))
    .aggregate(
      () => ({ orders: 0, unpaid: 0, amount: 0 }),
      (sales, { paid: payment, amount }) => ({
        orders: sales.orders + 1,
        unpaid: sales.unpaid + (payment === null ? 1 : 0),
        amount: sales.amount + amount,
      }),
      { store: "sales", retention: KEPT },
    )
    .toStream()
    .mapValues((sales, { key, start }) => ({ category: key, window_start: start, ...sales }))
    .to(
      d1("sales", {
        columns: {
          category: "TEXT",
          window_start: "INTEGER",
          orders: "INTEGER",
          unpaid: "INTEGER",
          amount: "INTEGER",
        },
        primaryKey: ["category", "window_start"],
      }),
    );
});

/** In micro-batches: windows behind a repartition that are sent once, when every partition of the topic has passed them. */
const counts = pipeline("counts", ({ stream }) =>
  stream<Order>("orders")
    .groupBy(({ category }) => category)
    .windowedBy(tumbling({ size: COUNT_WINDOW_MS, grace: 0 }))
    .emit(onClose())
    .closeWhenIdle("never")
    .count({ store: "counts" })
    .toStream()
    .map((orders, { key, start }) => ({ key, value: { start, orders } }))
    .to("counts"),
).trigger(every("200 ms"));

export const pipelines: readonly Pipeline[] = [shop, counts];
