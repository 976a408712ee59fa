// Two versions of one pipeline, for tests of forks: counts by another key into a topic and a table, each saying who sent it.
import { d1, every, type Pipeline, pipeline } from "../../sdk/streams/index.ts";
import { hooks } from "./hooks.ts";

interface Sale {
  readonly shop: string;
  readonly n: number;
}

export function sales(name: string, version: number, options: { readonly batches?: boolean } = {}): Pipeline {
  const counted = pipeline(name, ({ stream }) => {
    const counts = stream<Sale>(`${name}-in`)
      .peek((sale) => hooks.onValue({ ...sale, version }))
      .selectKey(({ shop }) => shop)
      .groupByKey()
      .count({ store: "counts" })
      .toStream();
    counts.mapValues((count) => ({ count, version })).to(`${name}-out`);
    counts
      .mapValues((count, shop) => ({ shop, count, version }))
      .to(
        d1(name.replaceAll("-", "_"), {
          columns: { shop: "TEXT", count: "INTEGER", version: "INTEGER" },
          primaryKey: ["shop", "count"],
        }),
      );
  });
  const versioned = version === 1 ? counted : counted.version(version, { takesOver: "fork" });
  return options.batches === true ? versioned.trigger(every("100 ms")) : versioned;
}
