// A pipeline with every kind of built-in aggregate that keeps more than a number, for tests in workerd.
import {
  approxCountDistinct,
  collect,
  count,
  countDistinct,
  type Pipeline,
  pipeline,
  quantile,
  sum,
  topN,
} from "../../sdk/streams/index.ts";

export interface Bid {
  readonly bidder: string;
  readonly price: number;
}

const auctions = pipeline("auctions", ({ stream }) =>
  stream<Bid>("auctions-in")
    .groupByKey()
    .aggregate(
      {
        bids: count(),
        total: sum((bid) => bid.price),
        prices: collect((bid) => bid.price, { limit: 2, keep: "last" }),
        best: topN(1, (bid) => bid.price),
        bidders: countDistinct((bid) => bid.bidder),
        about: approxCountDistinct((bid) => bid.bidder),
        median: quantile(0.5, (bid) => bid.price),
      },
      { store: "auctions" },
    )
    .to("auctions-out"),
);

export const aggregatePipelines: readonly Pipeline[] = [auctions];
