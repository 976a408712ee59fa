// Type tests of the DSL: this file compiles, and each `@ts-expect-error` line would not. `tsc -b` runs it.
import {
  type Aggregator,
  avg,
  BufferConfig,
  type CogroupedStream,
  collect,
  count,
  countDistinct,
  cumulative,
  d1,
  type Duration,
  every,
  first,
  type GroupedStream,
  type GroupedTable,
  hopping,
  max,
  min,
  onClose,
  pipeline,
  type PipelineBuilder,
  quantile,
  r2,
  type RecordContext,
  session,
  sliding,
  type Stream,
  sum,
  type Table,
  topic,
  topN,
  tumbling,
  unlimited,
  unbounded,
  untilTimeLimit,
  untilWindowCloses,
  type Windowed,
  type WindowedTable,
  within,
} from "./index.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** `same<Exact>()(value)` compiles when the value's type is exactly that. */
function same<Expected>() {
  return <Actual>(_value: Actual, ..._equal: Same<Actual, Expected> extends true ? [] : [never]): void => {};
}

interface Flight {
  readonly origin: string;
  readonly delay: number;
}

/** What functions get, and what comes out [DSL-1]. */
export function operators({ stream }: PipelineBuilder): void {
  const flights = stream<Flight>("flights");
  same<Stream<Flight>>()(flights);
  same<Stream<string>>()(stream("lines", { format: "text" }));
  same<Stream<Uint8Array>>()(stream("blobs", { format: "bytes" }));
  same<Stream<unknown>>()(stream("anything"));

  flights.filter((flight, key, context) => {
    same<Flight>()(flight);
    same<string | null>()(key);
    same<RecordContext>()(context);
    return flight.delay > 15;
  });
  same<Stream<number>>()(flights.mapValues((flight) => flight.delay));
  same<Stream<number>>()(flights.map((flight) => ({ key: flight.origin, value: flight.delay })));
  same<Stream<number>>()(flights.flatMap((flight, key) => [{ key, value: flight.delay }]));
  same<Stream<Flight>>()(flights.selectKey((flight) => flight.origin));
  same<Stream<Flight>>()(stream<Flight | null>("flights").filter((flight): flight is Flight => flight !== null));
  same<Stream<Flight>>()(stream<Flight | null>("flights").filter((flight) => flight !== null));

  // @ts-expect-error windows are of keys: sessions of a whole stream do not exist
  flights.windowedBy(session({ gap: "1 hour", grace: 0 }));
  // @ts-expect-error without windows nothing closes
  flights.groupByKey().emit(onClose());
  // @ts-expect-error `same` tells types apart
  same<Stream<string>>()(flights.mapValues((flight) => flight.delay));
  // @ts-expect-error a predicate answers a boolean
  flights.filter((flight) => flight.delay);
  // @ts-expect-error no such field
  flights.filter((flight) => flight.delays > 15);
  // @ts-expect-error keys are text
  flights.selectKey((flight) => flight.delay);
  // @ts-expect-error functions are synchronous
  flights.filter(async (flight) => flight.delay > 15);
}

/** What grouping gives [DSL-1]. */
export function tables({ stream }: PipelineBuilder): void {
  same<GroupedStream<Flight>>()(stream<Flight>("flights").groupBy((flight) => flight.origin));
  const grouped = stream<Flight>("flights").groupByKey();
  const hourly = grouped.windowedBy(tumbling({ size: "1 hour", grace: "0 seconds" }));
  same<Table<number, string>>()(grouped.count());
  same<WindowedTable<number, Flight>>()(hourly.count({ store: "hourly", retention: "1 day" }));
  same<Stream<Flight, string>>()(hourly.emit(onClose()).count().late());
  const counted: Table<number, Windowed> = hourly.count();
  same<Stream<number, Windowed>>()(counted.toStream());
  same<Table<Flight, string>>()(grouped.reduce((worst, flight) => (flight.delay > worst.delay ? flight : worst)));
  same<WindowedTable<{ sum: number }, Flight>>()(
    hourly.aggregate(
      () => ({ sum: 0 }),
      (total, flight, key) => {
        same<string>()(key);
        return { sum: total.sum + flight.delay };
      },
    ),
  );
  same<Table<Flight, string>>()(stream<Flight>("flights").toTable({ store: "last-flight" }));
  const counts = hourly.count().toStream();
  same<Stream<number, Windowed>>()(counts);
  same<Stream<string>>()(counts.map((count, window) => ({ key: window.key, value: `${count} at ${window.start}` })));

  // @ts-expect-error retention is of windowed stores
  grouped.count({ store: "counts", retention: "1 day" });
  const nameOf = (_total: number, flight: Flight): string => flight.origin;
  // @ts-expect-error an aggregate keeps its type
  grouped.aggregate(() => 0, nameOf);
  // @ts-expect-error a window is not a key to group by: map it to text first
  counts.groupByKey();
}

/** Tables of topics and tables [TBL-2, TBL-3, TBL-4]. */
export function tablesOfTables({ stream, table }: PipelineBuilder): void {
  same<Table<Flight | null, string>>()(table<Flight>("flights", { store: "flights" }));
  same<Table<string | null, string>>()(table("lines", { format: "text" }));
  same<Stream<Flight | null, string>>()(table<Flight>("flights").toStream());
  same<Stream<Flight | null>>()(table<Flight>("flights").toStream((flight) => flight?.origin ?? null));
  // @ts-expect-error rows are kept as JSON
  table("blobs", { format: "bytes" });
  const counts = stream("flights").groupByKey().count();
  const hourly = stream("flights")
    .groupByKey()
    .windowedBy(tumbling({ size: "1 hour", grace: 0 }))
    .count();
  const flights = table<Flight>("flights");
  const isLate = (flight: Flight): flight is Flight & { readonly late: true } => flight.delay > 15;
  same<Table<Flight | null, string>>()(flights.filter((flight) => flight.delay > 15, { store: "late" }));
  same<Table<(Flight & { readonly late: true }) | null, string>>()(flights.filter(isLate));
  same<Table<number | null, string>>()(flights.mapValues((flight) => flight.delay, { store: "delays" }));
  same<Table<number, string>>()(counts.mapValues((count) => 2 * count));
  same<Table<number | null, Windowed>>()(hourly.filterNot((count, hour) => count > 1 && hour.start > 0));
  // @ts-expect-error rows by window lie in the windowed table's own store
  hourly.mapValues((count) => count, { store: "twice" });
  // @ts-expect-error functions of tables are asked again, and have no context
  flights.filter((flight, key, context) => flight.delay > context.timestampMs);
}

/** Aggregators know the values, and a table its results [AGG-15]. */
export function aggregators({ stream }: PipelineBuilder): void {
  const grouped = stream<Flight>("flights").groupByKey();
  const results = grouped.aggregate(
    {
      flights: count(),
      delays: sum((flight) => {
        same<Flight>()(flight);
        return flight.delay;
      }),
      first: first((flight) => flight.origin),
      least: min((flight) => flight.origin),
      worst: topN(3, (flight) => flight.delay),
      origins: topN(
        3,
        (flight) => flight.delay,
        (flight) => flight.origin,
      ),
      median: quantile(0.5, (flight) => (flight.delay > 0 ? flight.delay : null)),
    },
    { store: "results" },
  );
  interface Results {
    readonly flights: number;
    readonly delays: number;
    readonly first: string | null;
    readonly least: string | null;
    readonly worst: readonly Flight[];
    readonly origins: readonly string[];
    readonly median: number | null;
  }
  const asResults: Table<Results, string> = results;
  results.toStream().mapValues((value) => same<readonly Flight[]>()(value.worst));
  asResults.to("results");
}

/** An aggregator may stand alone, and be of any grouping [AGG-15]. */
export function aggregatorsAlone({ stream, table }: PipelineBuilder): void {
  const grouped = stream<Flight>("flights").groupByKey();
  same<Table<number, string>>()(grouped.aggregate(sum((flight) => flight.delay)));
  same<Table<number | null, string>>()(
    grouped.aggregate(
      max((flight) => flight.delay),
      { store: "max" },
    ),
  );
  same<Table<readonly string[], string>>()(grouped.aggregate(collect((flight) => flight.origin)));
  const hourly = grouped.windowedBy(tumbling({ size: "1 hour", grace: 0 }));
  same<WindowedTable<number | null, Flight>>()(
    hourly.aggregate(
      avg((flight) => flight.delay),
      { retention: "1 day" },
    ),
  );
  const visits = grouped.windowedBy(session({ gap: "1 hour", grace: 0 }));
  same<WindowedTable<number | null, Flight>>()(visits.aggregate(sum((flight) => flight.delay)));
  same<WindowedTable<number, Flight>>()(visits.emit(onClose()).aggregate(sum((flight) => flight.delay)));
  const groups = table<Flight>("flights").groupBy((flight) => ({ key: flight.origin, value: flight.delay }));
  same<Table<number, string>>()(groups.aggregate(sum((delay) => delay)));
  const own: Aggregator<{ readonly delay: number }, number, string> = {
    name: "own",
    initial: () => 0,
    add: (state, { delay }) => state + delay,
    merge: (a, b) => a + b,
    result: (state) => `${state}`,
  };
  same<Table<string, string>>()(grouped.aggregate(own));

  // @ts-expect-error no such field
  grouped.aggregate({ delays: sum((flight) => flight.delays) });
  // @ts-expect-error a sum is of numbers
  grouped.aggregate({ delays: sum((flight) => flight.origin) });
  // @ts-expect-error of other values
  grouped.aggregate(sum((bid: { readonly price: number }) => bid.price));
  // @ts-expect-error no aggregator
  grouped.aggregate({ flights: 1 });
  // @ts-expect-error what is counted can be told apart by its value
  grouped.aggregate(countDistinct((flight) => flight));
  // @ts-expect-error retention is of windowed stores
  grouped.aggregate(count(), { retention: "1 day" });
}

/** Several streams in one aggregate [AGG-11]. */
export function cogroups({ stream }: PipelineBuilder): void {
  const both = stream<Flight>("flights")
    .groupByKey()
    .cogroup((count: number, flight, key) => {
      same<Flight>()(flight);
      same<string>()(key);
      return count + 1;
    })
    .cogroup(stream<string>("lines").groupByKey(), (count, line) => count + line.length);
  same<CogroupedStream<number, Flight | string>>()(both);
  same<Table<number, string>>()(both.aggregate(() => 0, { store: "both" }));
  const hourly = both.windowedBy(tumbling({ size: "1 hour", grace: 0 })).aggregate(() => 0, { retention: "1 day" });
  same<WindowedTable<number, Flight | string>>()(hourly);
  // @ts-expect-error the aggregate is a number
  both.aggregate(() => "0");
  // @ts-expect-error the aggregate is a number
  both.cogroup(stream<string>("lines").groupByKey(), (text, line) => text + line);
}

/** Changes held back [SUP-1, SUP-2, SUP-7]. */
export function suppressed({ stream, table }: PipelineBuilder): void {
  const flights = table<Flight>("flights");
  const hourly = stream("flights")
    .groupByKey()
    .windowedBy(tumbling({ size: "1 hour", grace: 0 }))
    .count();
  same<Table<number, Windowed>>()(hourly.suppress(untilWindowCloses()));
  same<Table<number, Windowed>>()(
    hourly.filter((count) => count > 1).suppress(untilWindowCloses(BufferConfig.unbounded())),
  );
  same<Table<number | null, Windowed>>()(hourly.filter((count) => count > 1).suppress(untilTimeLimit("1 second")));
  same<Table<Flight | null, string>>()(
    flights.suppress(untilTimeLimit(5, BufferConfig.maxRecords(10)), { store: "waiting" }),
  );
  // @ts-expect-error only windows close
  flights.suppress(untilWindowCloses());
  // @ts-expect-error final results cannot be early
  untilWindowCloses(BufferConfig.maxRecords(10));
  untilWindowCloses(BufferConfig.maxRecords(10).shutDownWhenFull());
}

/** Rows in groups [TBL-5]. */
export function groups({ table }: PipelineBuilder): void {
  const byOrigin = table<Flight>("flights").groupBy((flight) => ({
    key: flight.origin,
    value: flight.delay > 0 ? flight.delay : null,
  }));
  same<GroupedTable<number>>()(byOrigin);
  same<Table<number, string>>()(byOrigin.count({ store: "flights-per-origin" }));
  same<Table<number, string>>()(
    byOrigin.reduce(
      (sum, delay) => sum + delay,
      (sum, delay) => sum - delay,
    ),
  );
  same<Table<{ sum: number }, string>>()(
    byOrigin.aggregate(
      () => ({ sum: 0 }),
      ({ sum }, delay) => ({ sum: sum + delay }),
      ({ sum }, delay) => ({ sum: sum - delay }),
      { store: "sums" },
    ),
  );
  // @ts-expect-error what comes into a group must go out again
  byOrigin.reduce((sum, delay) => sum + delay);
}

/** What the functions of a join with a table get, and what comes out [DSL-1]. */
export function tableJoins({ stream, table, globalTable }: PipelineBuilder): void {
  const flights = stream<Flight | null>("flights");
  const rows = table<Flight>("rows", { versioned: { historyRetention: "1 day" } });
  const found = flights.join(rows, (flight, row) => [flight, row] as const, { grace: "1 minute" });
  same<Stream<readonly [Flight, Flight], string>>()(found);
  same<Stream<Flight | null>>()(flights.leftJoin(rows, (_, row) => row));
  same<Table<number | null, string>>()(
    rows.join(table("lines", { format: "text" }), (row, line) => row.delay + line.length),
  );
  same<Table<Flight | "none" | null, string>>()(rows.leftJoin(rows, (_, other) => other ?? "none", { store: "both" }));
  same<Table<{ left: Flight | null; right: Flight | null } | null, string>>()(
    rows.outerJoin(rows, (left, right) => ({ left, right })),
  );

  const ordered = table<{ flight: string }>("orders").join(rows, (order, flight) => ({ ...order, ...flight }), {
    foreignKey: (order) => order.flight,
  });
  same<Table<{ origin: string; delay: number; flight: string } | null, string>>()(ordered);
  // @ts-expect-error a foreign key is text or null
  table<{ flight: number }>("orders").leftJoin(rows, (order) => order, { foreignKey: (order) => order.flight });
  const airports = globalTable<{ name: string }>("airports");
  const byOrigin = { key: (flight: Flight) => flight.origin };
  same<Stream<string>>()(flights.join(airports, (flight, airport) => flight.origin + airport.name, byOrigin));
  const hourly = flights
    .groupByKey()
    .windowedBy(tumbling({ size: "1 hour", grace: 0 }))
    .count()
    .toStream();
  const named = hourly.leftJoin(airports, (count, airport, hour) => [count, airport?.name, hour.start] as const, {
    key: (_, hour) => hour.key,
  });
  same<Stream<readonly [number, string | undefined, number], Windowed>>()(named);
  // @ts-expect-error which row is named
  flights.join(airports, (flight) => flight);
  // @ts-expect-error a table has no times to match
  flights.join(rows, (flight) => flight, within("1 hour", { grace: "5 minutes" }));
}

/** What the functions of a join get, and what comes out [DSL-1]. */
export function joins({ stream }: PipelineBuilder): void {
  const flights = stream<Flight | null>("flights");
  const names = stream("names", { format: "text" });
  const near = within("1 hour", { grace: "5 minutes" });
  const inner = flights.join(
    names,
    (flight, name, key) => {
      same<Flight>()(flight);
      same<string>()(name);
      same<string>()(key);
      return flight.delay;
    },
    { windows: unbounded(), where: (flight, name, key) => flight.origin === name + key },
  );
  same<Stream<number, string>>()(inner);
  const left = flights.leftJoin(names, (flight, name) => ({ flight, name }), near);
  same<Stream<{ flight: Flight; name: string | null }>>()(left);
  const right = flights.rightJoin(names, (flight, name) => ({ flight, name }), { windows: near, unmatched: "eager" });
  same<Stream<{ flight: Flight | null; name: string }>>()(right);
  const outer = flights.outerJoin(names, (flight, name, key) => ({ flight, name, key }), near);
  same<Stream<{ flight: Flight | null; name: string | null; key: string | null }>>()(outer);
  same<Stream<Flight, string>>()(flights.semiJoin(names, near));
  inner.groupByKey();
  same<Stream<string, string>>()(flights.join(names, (_, name) => name, { windows: unbounded(), once: true }));

  // @ts-expect-error grace has no default
  within("1 hour");
  // @ts-expect-error a stream has
  flights.join(names, (flight) => flight);
  // @ts-expect-error what matches nothing needs a window to close
  flights.leftJoin(names, (flight) => flight, unbounded());
  // @ts-expect-error a left join matches all there is
  flights.leftJoin(names, (flight) => flight, { windows: near, once: true });
  // @ts-expect-error an inner join keeps nothing that matches none
  flights.join(names, (flight) => flight, { windows: near, unmatched: "eager" });
  const hourly = stream("a")
    .groupByKey()
    .windowedBy(tumbling({ size: "1 hour", grace: 0 }))
    .count()
    .toStream();
  // @ts-expect-error a window is not a key to join by: map it to text first
  flights.join(hourly, (flight) => flight, near);
}

/** What sessions give, and what they ask for [WIN-13, WIN-15]. */
export function sessions({ stream }: PipelineBuilder): void {
  const grouped = stream<Flight>("flights").groupByKey();
  const visits = grouped.windowedBy(session({ gap: "30 minutes", grace: 0 }));
  same<WindowedTable<number | null, Flight>>()(visits.count());
  same<WindowedTable<number, Flight>>()(visits.emit(onClose()).count());
  const ownGaps = grouped.windowedBy(
    session({
      gap: (flight, key, context) => {
        same<Flight>()(flight);
        same<string>()(key);
        same<RecordContext>()(context);
        return flight.delay;
      },
      maxGap: "1 hour",
      grace: 0,
    }),
  );
  same<WindowedTable<string[] | null, Flight>>()(
    ownGaps.aggregate(
      (): string[] => [],
      (origins, flight) => [...origins, flight.origin],
      (earlier, later) => [...earlier, ...later],
    ),
  );

  const next = (sum: number): number => sum + 1;
  // @ts-expect-error sessions that become one need a merger
  visits.aggregate(() => 0, next);
  // @ts-expect-error gaps of other values
  grouped.windowedBy(session({ gap: ({ idle }: { idle: number }) => idle, maxGap: "1 hour", grace: 0 }));
  // @ts-expect-error gaps of each record have a bound
  session({ gap: (flight: Flight) => flight.delay, grace: 0 });
}

/** A missing grace and a misspelt unit do not compile [DSL-3, DSL-4]. */
export function times(): void {
  // @ts-expect-error grace has no default
  tumbling({ size: "1 hour" });
  // @ts-expect-error grace has no default
  hopping({ size: "1 hour", advance: "5 minutes" });
  // @ts-expect-error grace has no default
  cumulative({ size: "1 hour", step: "5 minutes" });
  // @ts-expect-error grace has no default
  sliding({ difference: "5 minutes" });
  // @ts-expect-error grace has no default
  session({ gap: "5 minutes" });
  // @ts-expect-error what never closes has no grace
  unlimited({ grace: "5 minutes" });
  // @ts-expect-error no such unit
  every("2 secs");
  same<Duration>()(1 as Duration);
}

/** Sinks take only what fits them [DSL-5]. */
export function sinks({ stream }: PipelineBuilder): void {
  const flights = stream<Flight>("flights");
  const counts = d1("counts", { columns: { origin: "TEXT", flights: "INTEGER" }, primaryKey: ["origin"] });
  flights.mapValues((flight) => ({ origin: flight.origin, flights: 1 })).to(counts);
  flights.mapValues((flight) => ({ origin: flight.origin, flights: null })).to(counts);
  const hourly = flights
    .groupByKey()
    .windowedBy(tumbling({ size: "1 hour", grace: 0 }))
    .count()
    .toStream();
  hourly.mapValues((count, hour) => ({ origin: hour.key, flights: count })).to(counts);
  flights.to(r2("flights", { path: (flight, key, context) => `${flight.origin}/${key}/${context.offset}` }));
  hourly.to(r2("hours", { path: (count, hour) => `${count}/${hour.start}` }));
  stream("lines", { format: "text" }).to(topic("copy", { format: "text" }));

  // @ts-expect-error a column is missing
  flights.mapValues((flight) => ({ origin: flight.origin })).to(counts);
  // @ts-expect-error a column of another type
  flights.mapValues((flight) => ({ origin: flight.origin, flights: "1" })).to(counts);
  // @ts-expect-error a primary key is not null
  flights.mapValues(() => ({ origin: null, flights: 1 })).to(counts);
  // @ts-expect-error tombstones are no rows
  flights.mapValues((flight) => (flight.delay > 0 ? { origin: flight.origin, flights: 1 } : null)).to(counts);
  // @ts-expect-error not a column
  d1("counts", { columns: { origin: "TEXT" }, primaryKey: ["destination"] });
  // @ts-expect-error an empty primary key
  d1("counts", { columns: { origin: "TEXT" }, primaryKey: [] });
  // @ts-expect-error objects are not text
  flights.to(topic("copy", { format: "text" }));
}

/** The trigger is part of the pipeline [DSL-2]. */
export const triggered = pipeline("copy", ({ stream }) => stream("a").to("b"))
  .trigger(every("2 seconds"))
  .version(2);
