// The bounds that users meet or that several files share, with their units in the names. Platform figures: developers.cloudflare.com/durable-objects/platform/limits.

/** `[a-zA-Z0-9._-]{1,200}`: Kafka's alphabet. Names that begin with `__` are internal. */
export const TOPIC_NAME_PATTERN = /^[a-zA-Z0-9._-]{1,200}$/;
export const MAX_PARTITIONS = 256;

export const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
/** Bodies of produce requests that one isolate holds at once. */
export const MAX_BODIES_IN_FLIGHT_BYTES = 2 * MAX_REQUEST_BYTES;
export const MAX_RECORDS_PER_REQUEST = 10_000;
export const MAX_RECORD_BYTES = 1_000_000;
export const MAX_KEY_BYTES = 16 * 1024;
export const MAX_HEADERS_PER_RECORD = 100;
export const MAX_HEADER_BYTES = 16 * 1024;
/** Objects and arrays inside each other in a JSON value. Below SQLite's 1,000, so what is accepted can be queried. */
export const MAX_JSON_DEPTH = 256;
/** What our encoders aim below; one larger record still makes a batch of its own. */
export const TARGET_BATCH_BYTES = 1_000_000;
/** From this size on a batch that a task passes on whole stays one of its own; smaller ones are joined. */
export const MIN_COPIED_BATCH_BYTES = 100_000;
/** A row of a Durable Object ends at 2 MB; above this a batch is refused, never split. */
export const MAX_BATCH_BYTES = 1_900_000;
/** Unfolded size of a compressed RecordBatch. */
export const MAX_UNFOLDED_BYTES = 16 * 1024 * 1024;

export const MIN_TIMESTAMP_MS = 0;
/** 9999-12-31T23:59:59.999Z. */
export const MAX_TIMESTAMP_MS = 253_402_300_799_999;
/** End of a window that never ends: behind every time that a record may have. */
export const UNLIMITED_WINDOW_END_MS = MAX_TIMESTAMP_MS + 1;
export const DEFAULT_TIMESTAMP_AHEAD_MS = 3_600_000;
export const DEFAULT_RETENTION_MS = 7 * 24 * 3_600_000;
export const FOREVER = -1;

export const MAX_PRODUCER_ID_CHARACTERS = 64;
/** Kafka's: batches of one producer a broker remembers, and a client may have in flight. */
export const REMEMBERED_BATCHES = 5;
export const PRODUCER_EXPIRY_MS = 7 * 24 * 3_600_000;
export const MAX_SEQUENCE = 2_147_483_647;

export const DEFAULT_READ_RECORDS = 500;
export const MAX_READ_RECORDS = 10_000;
export const DEFAULT_READ_BYTES = 1_000_000;
/** An RPC answer of a Durable Object stays below this. */
export const MAX_READ_BYTES = 4_000_000;
export const MAX_WAIT_MS = 30_000;
export const MAX_DRAIN_MS = 120_000;
export const DEFAULT_DRAIN_MS = 30_000;
export const MAX_PAGE = 1_000;

/** A Durable Object ends at 10 GB; appends stop here and tasks still have room to work. */
export const MAX_PARTITION_BYTES = 8_000_000_000;

/** One slice: a transaction of a task over records already appended. */
export const MAX_SLICE_RECORDS = 20_000;
export const MAX_SLICE_BYTES = 8_000_000;
/** A micro-batch is in memory as a whole, as records and as what is made of them: MIB-11 has the figures. */
export const MAX_MICRO_BATCH_RECORDS = 20_000;
export const MAX_MICRO_BATCH_BYTES = 8_000_000;
/** Dead letters that a task runs again in one slice, and the text of them. */
export const MAX_REDRIVE_RECORDS = 1_000;
export const MAX_REDRIVE_CHARACTERS = 4_000_000;
/** Text of one: it stands in one row. */
export const MAX_REDRIVEN_CHARACTERS = 1_900_000;
/** Undelivered outbox rows of one object; above it its tasks stop reading. */
export const MAX_OUTBOX_BYTES = 32_000_000;
export const DELIVERY_DEADLINE_MS = 25_000;
/** One RPC to another partition carries at most this much. */
export const MAX_DELIVERY_BYTES = 4_000_000;
export const MAX_STATE_VALUE_BYTES = 1_000_000;
/** Keys and values of a global table: every partition that joins it has a copy. */
export const MAX_GLOBAL_TABLE_BYTES = 100_000_000;
/** Latest changes of a store that somebody follows, in one partition; who is further behind takes a new snapshot. */
export const MAX_CHANGE_RING_BYTES = 16_000_000;
/** A store is no longer followed when nobody has asked for its changes for so long, ms. */
export const SUBSCRIPTION_LEASE_MS = 10 * 60_000;
/** Of one connection that follows a store: how long it waits in silence, ms, and how often it may ask the partitions. */
export const CHANGE_FEED_WAIT_MS = 15_000;
export const CHANGE_FEED_READS = 500;
/** Of a query over stores: its text, and what is made of it; a statement of SQLite ends at 100,000 bytes. */
export const MAX_SQL_TEXT_CHARACTERS = 16_000;
export const MAX_SQL_CHARACTERS = 90_000;
export const MAX_SQL_PARAMETERS = 100;
export const MAX_SQL_TABLES = 8;
/** What it reads in one partition: rows, and the characters of their keys and values. */
export const MAX_SQL_ROWS = 100_000;
export const MAX_SQL_DATA_CHARACTERS = 8_000_000;
export const MAX_SQL_ANSWER_CHARACTERS = 2_000_000;
/** Each writes anew all that it is made of. */
export const MAX_SQL_CONCATENATIONS = 16;
/** Expressions inside each other, a chain of operators too; SQLite takes 100. */
export const MAX_SQL_DEPTH = 90;
/** Functions whose result may be twice as long as their arguments: in a query, and inside each other. */
export const MAX_SQL_GROWING_CALLS = 16;
export const MAX_SQL_GROWING_DEPTH = 3;
/** Rows that its joins make. */
export const MAX_SQL_PAIRS = 1_000_000;
/** What SQLite does for it in one partition, in nanoseconds, as estimated before it runs: nothing else of the partition runs meanwhile. */
export const MAX_SQL_WORK = 1_000_000_000;
/** Rows of an answer; of a query over groups in several partitions, groups of one. */
export const DEFAULT_SQL_RESULT_ROWS = 1_000;
export const MAX_SQL_RESULT_ROWS = 10_000;
/** State in the memory of one isolate: of all tasks of all its objects together. */
export const STATE_CACHE_BYTES = 32_000_000;

/** An R2 object is closed at this size, or when its first row has waited this long. */
export const DEFAULT_FILE_BYTES = 8_000_000;
export const DEFAULT_FILE_ROLL_MS = 60_000;

/** Names of pipelines and stores: they stand in paths, in topic names (`<pipeline>.dead-letters`) and in D1 rows. */
export const PIPELINE_NAME_PATTERN = /^[a-zA-Z0-9._-]{1,100}$/;
export const MAX_PLAN_NODES = 200;
export const MIN_TRIGGER_MS = 100;
export const MAX_TRIGGER_MS = 24 * 3_600_000;
/** How long windows stay readable unless told, and longer where they must. */
export const DEFAULT_WINDOW_RETENTION_MS = 24 * 3_600_000;
export const MAX_WINDOW_MS = 366 * 24 * 3_600_000;
/** Hopping windows that one record may be in: each is a row of state written per record. */
export const MAX_WINDOWS_PER_RECORD = 100;

/** A D1 table; SQLite compares names without case. `sqlite_`, `_cf_` and `millrace_` tables belong to others. */
export const TABLE_NAME_PATTERN = /^(?!sqlite_|_cf_|millrace_)[a-z_][a-z0-9_]{0,62}$/i;
export const COLUMN_NAME_PATTERN = /^[a-z_][a-z0-9_]{0,62}$/i;
/** D1's: developers.cloudflare.com/d1/platform/limits. */
export const MAX_COLUMNS = 100;
/** Segments joined by `/`, so that a prefix is a folder: no empty one, none of dots alone. */
export const OBJECT_PREFIX_PATTERN = /^(?!.{201})(?!\.+(\/|$))[a-zA-Z0-9._=-]+(\/(?!\.+(\/|$))[a-zA-Z0-9._=-]+)*$/;

/** How long a produce with `await` waits; longer than that is a backlog. */
export const AWAIT_PROCESSED_MS = 10_000;
export const AWAIT_DELIVERED_MS = 25_000;
/** An alarm that comes so late, ms, says that the object could not be reached: then nothing could come either. */
export const OUTAGE_MS = 10_000;
export const MAX_RETRIES = 100;
export const MAX_RETRY_BACKOFF_MS = 3_600_000;
/** A timer of one key and name that comes due so often at one record sets itself for a time that has come. */
export const MAX_TIMERS_AT_ONCE = 1_000;
/** Wall-clock timers that fire in one transaction; the rest follows in the next. */
export const MAX_WALL_TIMERS_AT_ONCE = 10_000;
/** A task looks at the clock at most this often, ms: each time is a row of its journal. */
export const WALL_CLOCK_STEP_MS = 100;
export const MAX_PATTERN_STEPS = 32;
/** Attempts of one key at a sequence that are open at once; a record that would make more is an error. */
export const MAX_PATTERN_RUNS = 500;
/** How long the input of what sends results only on close must be quiet, unless told, until event time goes on without it. */
export const CLOSE_WHEN_IDLE_MS = 60_000;
/** A task tells those behind it of its progress alone at most this often, ms; with records it is told at once. */
export const PROGRESS_INTERVAL_MS = 1_000;
/** A task that has stood at the end of its log for so long says that it is idle and holds nothing back, ms. */
export const IDLE_AFTER_MS = 30_000;

/** Records of a slice whose lookups are awaited together. */
export const MAX_LOOKUP_RECORDS = 1_000;
/** JSON of what is looked up, and of what is found. */
export const MAX_LOOKUP_KEY_BYTES = 2_000;
export const MAX_LOOKUP_VALUE_BYTES = 100_000;
/** Of what was found for the records of one slice together: it is held at once, and again in what the slice sends. */
export const MAX_LOOKUP_ANSWER_CHARACTERS = 8_000_000;
/** One D1 query asks for so many keys, in one parameter: D1 takes 100 parameters, of 2 MB each. */
export const LOOKUP_KEYS_PER_QUERY = 500;
export const MAX_LOOKUP_KEYS_PER_CALL = 1_000;
export const DEFAULT_LOOKUP_TIMEOUT_MS = 5_000;
export const MAX_LOOKUP_TIMEOUT_MS = 5 * 60_000;
export const DEFAULT_LOOKUP_RETRIES = 2;
export const MAX_LOOKUP_RETRIES = 100;
export const DEFAULT_LOOKUP_BACKOFF_MS = 250;
export const MAX_LOOKUP_PAUSE_MS = 30_000;
/** The connections that the platform opens at once: developers.cloudflare.com/workers/platform/limits. */
export const DEFAULT_LOOKUP_CONCURRENCY = 6;
export const MAX_LOOKUP_CONCURRENCY = 100;
export const DEFAULT_LOOKUP_CACHE_ENTRIES = 10_000;
export const MAX_LOOKUP_CACHE_ENTRIES = 100_000;
export const DEFAULT_LOOKUP_TTL_MS = 60_000;
/** Keys and values of one lookup in one partition. */
export const LOOKUP_CACHE_BYTES = 4_000_000;
/** One event of an object may make 10,000 subrequests; after so many lookups the next ones are another event's. */
export const LOOKUPS_PER_EVENT = 2_000;
/** A binding of the Worker. */
export const BINDING_PATTERN = /^[A-Za-z_$][A-Za-z0-9_$]{0,62}$/;

/** Of built-in aggregates, whose states are read and written whole for each record. */
export const MAX_COLLECTED = 1_000;
export const MAX_COLLECTED_LIMIT = 10_000;
export const MAX_TOP_N = 1_000;
export const MAX_DISTINCT = 1_000;
export const MAX_DISTINCT_LIMIT = 10_000;
/** log2 of the registers of a HyperLogLog. */
export const DEFAULT_DISTINCT_PRECISION = 12;
export const MIN_DISTINCT_PRECISION = 10;
export const MAX_DISTINCT_PRECISION = 16;
/** Of a quantile, relative to the value. */
export const DEFAULT_QUANTILE_ACCURACY = 0.01;
export const MIN_QUANTILE_ACCURACY = 0.001;
export const MAX_QUANTILE_ACCURACY = 0.5;
/** Factors of 10 below the greatest number of a sign within which quantiles tell numbers apart. */
export const QUANTILE_DECADES = 30;
