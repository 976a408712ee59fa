// Pipelines that are cut at internal topics, for tests of the engine in workerd.
import { d1, every, type Pipeline, pipeline, tumbling } from "../../sdk/streams/index.ts";

export interface Sale {
  readonly shop: string;
  readonly amount: number;
}

/**
 * Two topics merged, totals by shop, then by region, the first letter of the shop: three tasks behind one another. Every
 * sale causes one update of a shop and one of a region.
 */
export function chain(name: string, { partitions }: { readonly partitions: number }): Pipeline {
  return pipeline(name, ({ stream }) =>
    stream<Sale>(`${name}-a`)
      .merge(stream<Sale>(`${name}-b`))
      .selectKey(({ shop }) => shop)
      .groupByKey()
      .aggregate(
        () => 0,
        (total, { amount }) => total + amount,
        { store: "shops" },
      )
      .toStream()
      .map((total, shop) => ({ key: (shop ?? "").slice(0, 1), value: { shop: shop ?? "", total } }))
      .repartition({ partitions })
      .groupByKey()
      .aggregate(
        () => ({}) as { readonly [shop: string]: number },
        (shops, { shop, total }) => ({ ...shops, [shop]: total }),
        { store: "regions" },
      )
      .toStream()
      .to(`${name}-out`),
  );
}

/** Sales by hour over all partitions of the topic: each waits for the slowest of them. */
export function hourly(name: string): Pipeline {
  return pipeline(name, ({ stream }) =>
    stream<Sale>(`${name}-in`)
      .selectKey(() => "all")
      .groupByKey()
      .windowedBy(tumbling({ size: "1 hour", grace: 0 }))
      .count({ store: "hours" }),
  );
}

/** The last amount of each shop into a D1 table: by the topic's key, in one task, or by the shop in a second one. */
export function lastAmounts(name: string, { byShop }: { readonly byShop: boolean }): Pipeline {
  return pipeline(name, ({ stream }) => {
    const sales = stream<Sale>(`${name}-in`);
    (byShop ? sales.selectKey(({ shop }) => shop).repartition() : sales)
      .mapValues((sale) => ({ ...sale, amount: sale.amount + (byShop ? 1_000 : 0) }))
      .to(d1(name, { columns: { shop: "TEXT", amount: "INTEGER" }, primaryKey: ["shop"] }));
  });
}

export const internalTopicPipelines: readonly Pipeline[] = [
  chain("chain1", { partitions: 2 }),
  chain("chain4", { partitions: 2 }),
  chain("slow-chain", { partitions: 2 }).trigger(every("1 hour")),
  chain("newer-chain", { partitions: 2 }),
  hourly("hourly"),
  hourly("quiet"),
  hourly("stopped"),
  hourly("told"),
  lastAmounts("moved", { byShop: false }),
];
