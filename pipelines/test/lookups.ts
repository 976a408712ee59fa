// Pipelines that look things up, for tests of the engine in workerd.
import {
  every,
  fail,
  fromD1,
  fromFunction,
  fromHttp,
  type Pipeline,
  pipeline,
  retry,
} from "../../sdk/streams/index.ts";
import { hooks } from "./hooks.ts";

export interface Numbered {
  readonly n: number;
}

/** What a test lets the functions find. */
export const finds: { onKey: (pipeline: string, n: number) => Promise<unknown> } = {
  onKey: (_, n) => Promise.resolve(n),
};

const columns = { id: "INTEGER", name: "TEXT", weight: "REAL" } as const;
const things = fromD1("things", { columns, key: "id" });
const rates = fromHttp<string, { readonly rate: number }>({
  request: (currency) => `https://rates.example/${currency}`,
  binding: "RATES",
});

/** A function of the test finds something for each number; then they are summed. */
function asked(name: string, options: { readonly retries?: number; readonly timeout?: "300 ms" } = {}): Pipeline {
  return pipeline(name, ({ stream }) => {
    const found = stream<Numbered>(`${name}-in`)
      .peek((value) => hooks.onValue(value))
      .lookup(
        fromFunction((n: number) => finds.onKey(name, n)),
        ({ n }, value) => ({ n, found: value }),
        { key: ({ n }) => n, retries: 0, cache: false, ...options },
      );
    found.to(`${name}-out`);
    found.groupByKey().aggregate(
      () => 0,
      (sum, { n }) => sum + n,
      { store: "sums" },
    );
  });
}

export const lookupPipelines: readonly Pipeline[] = [
  pipeline("with-things", ({ stream }) =>
    stream<Numbered>("with-things-in")
      .leftLookup(things, ({ n }, thing) => ({ n, name: thing?.name ?? null, weight: thing?.weight ?? null }), {
        key: ({ n }) => n,
        cache: { ttl: "1 hour" },
      })
      .to("with-things-out"),
  ).trigger(every("100 ms")),
  pipeline("with-rates", ({ stream }) =>
    stream<string>("with-rates-in")
      .leftLookup(rates, (currency, found) => ({ currency, rate: found?.rate ?? null }), {
        key: (currency) => currency,
        retries: 0,
      })
      .to("with-rates-out"),
  ),
  asked("looks"),
  asked("looks-again", { retries: 3, timeout: "300 ms" }),
  asked("looks-paused"),
  asked("looks-killed"),
  asked("looks-careful"),
  asked("looks-large"),
  asked("looks-looping"),
  asked("looks-redriven"),
  asked("looks-much"),
  asked("looks-failing").onError(fail()),
  asked("looks-retrying").onError(retry(5, { backoff: "50 ms" })),
  /** Another task over the log of one that waits. */
  pipeline("beside-looks", ({ stream }) => stream<Numbered>("looks-in").to("beside-looks-out")),
];
