// What a pipeline imports. The words are Kafka Streams'; what runs the plan they build is the engine's business.
export type { BatchContext, PlanKey, RecordContext, Trigger } from "../../schema/plan.ts";
export type {
  CumulativeWindows,
  JoinWindows,
  NonSessionWindows,
  SessionWindows,
  SlidingWindows,
  TimeWindows,
  UnlimitedWindows,
  Windowed,
  Windows,
} from "../../schema/windows.ts";
export type { Aggregator } from "./aggregators/aggregator.ts";
export { approxCountDistinct } from "./aggregators/approx-count-distinct.ts";
export { first, last } from "./aggregators/arrival.ts";
export { avg } from "./aggregators/avg.ts";
export { collect } from "./aggregators/collect.ts";
export { count } from "./aggregators/count.ts";
export { countDistinct } from "./aggregators/count-distinct.ts";
export { earliest, latest } from "./aggregators/event-time.ts";
export { max, min } from "./aggregators/extremes.ts";
export { quantile, quantiles } from "./aggregators/quantile.ts";
export { sum } from "./aggregators/sum.ts";
export { topN } from "./aggregators/top-n.ts";
export { stddev, variance } from "./aggregators/variance.ts";
export { CogroupedStream, SessionCogroupedStream, WindowedCogroupedStream } from "./cogrouped-stream.ts";
export { type BatchQuery, batchSql } from "./batch-sql.ts";
export { type Columns, d1, type Row } from "./d1.ts";
export { type Duration, durationMs } from "./duration.ts";
export { type EmitStrategy, onClose, onUpdate } from "./emit.ts";
export { GlobalTable } from "./global-table.ts";
export { GroupedStream, WindowedStream } from "./grouped-stream.ts";
export { GroupedTable } from "./grouped-table.ts";
export {
  type InnerJoinOptions,
  joinWindows,
  type OuterJoinOptions,
  type StreamJoinOptions,
  type Unbounded,
  unbounded,
  within,
} from "./join.ts";
export {
  fromD1,
  fromFunction,
  fromFunctionOfMany,
  fromHttp,
  type Lookup,
  type LookupContext,
  type LookupOptions,
} from "./lookup.ts";
export { deadLetter, fail, parkKey, retry } from "./on-error.ts";
export { Pipeline, pipeline, type PipelineBuilder } from "./pipeline.ts";
export { type FileOptions, r2 } from "./r2.ts";
export {
  type Emitted,
  type ListState,
  listState,
  type MapState,
  mapState,
  type Processor,
  type ProcessorContext,
  type State,
  type StateOptions,
  type ValueState,
  valueState,
  type WallClock,
} from "./processor.ts";
export { Sequence, sequence, type Times } from "./sequence.ts";
export { session, type SessionWindowsOf } from "./session.ts";
export { SessionWindowedStream } from "./session-windowed-stream.ts";
export { type SinkFor, topic } from "./sink.ts";
export type { KeyValueStoreOptions, TableOptions, WindowStoreOptions } from "./store.ts";
export { type MatchOptions, type ProcessOptions, Stream } from "./stream.ts";
export { BufferConfig, type FinalResults, type Suppressed, untilTimeLimit, untilWindowCloses } from "./suppress.ts";
export { Table } from "./table.ts";
export type {
  ForeignKeyJoinOptions,
  GlobalJoinOptions,
  StreamTableJoinOptions,
  TableJoinOptions,
} from "./table-join.ts";
export { availableNow, cron, every, everyRecords, manual, perEvent } from "./trigger.ts";
export { cumulative, hopping, sliding, tumbling, unlimited } from "./windows.ts";
export { WindowedTable } from "./windowed-table.ts";
