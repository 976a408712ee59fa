// Pipelines whose records come back to them, in one and by way of another, until their number has come to 0.
import { every, type Pipeline, pipeline } from "../../sdk/streams/index.ts";

interface Countdown {
  readonly n: number;
}

const rounds = pipeline("rounds", ({ stream }) => {
  const counted = stream<Countdown>("rounds");
  counted.groupByKey().count({ store: "visits" });
  counted
    .filter(({ n }) => n > 0)
    .mapValues(({ n }) => ({ n: n - 1 }))
    .to("rounds");
  counted.filter(({ n }) => n === 0).to("rounds-out");
}).allowCycle();

function sendingOn(name: string, from: string, to: string): Pipeline {
  return pipeline(name, ({ stream }) =>
    stream<Countdown>(from)
      .filter(({ n }) => n > 0)
      .mapValues(({ n }) => ({ n: n - 1 }))
      .to(to),
  ).allowCycle();
}

export const circlePipelines: readonly Pipeline[] = [
  rounds,
  sendingOn("ping", "pings", "pongs"),
  sendingOn("pong", "pongs", "pings").trigger(every("100 ms")),
];
