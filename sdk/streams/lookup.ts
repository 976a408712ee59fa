import {
  BINDING_PATTERN,
  DEFAULT_LOOKUP_BACKOFF_MS,
  DEFAULT_LOOKUP_CACHE_ENTRIES,
  DEFAULT_LOOKUP_CONCURRENCY,
  DEFAULT_LOOKUP_RETRIES,
  DEFAULT_LOOKUP_TIMEOUT_MS,
  DEFAULT_LOOKUP_TTL_MS,
  LOOKUP_KEYS_PER_QUERY,
} from "../../schema/limits.ts";
import type { LookupNode, LookupSource, PlanKey, RecordContext } from "../../schema/plan.ts";
import { type Duration, durationMs } from "./duration.ts";
import type { Typed } from "./join.ts";

/**
 * What a function that looks up may use: the bindings of the Worker, and a signal that fires when its time is over.
 *
 * @example
 * import { fromFunction, type LookupContext } from "../sdk/streams/index.ts";
 *
 * interface Env { readonly RATES: { get(key: string): Promise<string | null> } }
 * fromFunction((currency: string, { env }: LookupContext<Env>) => env.RATES.get(currency));
 */
export interface LookupContext<Env = unknown> {
  readonly env: Env;
  readonly signal: AbortSignal;
}

/**
 * Where a stream looks things up: by keys of one type it finds values of another. Made by `fromD1`, `fromHttp`,
 * `fromFunction` and `fromFunctionOfMany`.
 *
 * @example
 * import { fromFunction, type Lookup } from "../sdk/streams/index.ts";
 *
 * const lengths: Lookup<string, number> = fromFunction(async (text: string) => text.length);
 */
export interface Lookup<Key, Found> {
  readonly source: LookupSource;
  /** Never there: they hold the types. */
  readonly types?: { readonly key: (key: Key) => void; readonly found: Found } | undefined;
}

/**
 * How a lookup is made. `key` gives what is looked up, JSON of at most 2,000 bytes, or null for nothing. A call takes at
 * most `timeout` (5 seconds unless told) and is tried again `retries` times (2) after pauses that double from `backoff`
 * (250 ms); then the record is treated as one on which user code throws: the pipeline's `onError` decides. At most
 * `concurrency` calls (6) are under way at once in a partition. What was found, or not, is kept for `ttl` (1 minute) in each
 * partition, up to `entries` (10,000); `cache: false` asks anew for each slice of records.
 *
 * @example
 * import type { LookupOptions } from "../sdk/streams/index.ts";
 *
 * const options: LookupOptions<{ sku: string }, string | null, string> = {
 *   key: (order) => order.sku,
 *   timeout: "2 seconds",
 *   cache: { ttl: "10 minutes" },
 * };
 */
export interface LookupOptions<Value, Key extends PlanKey, LookupKey> {
  readonly key: (value: Value, key: Key, context: RecordContext) => LookupKey | null;
  readonly timeout?: Duration | undefined;
  readonly retries?: number | undefined;
  readonly backoff?: Duration | undefined;
  readonly concurrency?: number | undefined;
  readonly cache?: false | { readonly entries?: number | undefined; readonly ttl?: Duration | undefined } | undefined;
}

/** What a column of each type gives. */
interface ColumnValues {
  readonly TEXT: string;
  readonly INTEGER: number;
  readonly REAL: number;
}

type LookupColumns = { readonly [column: string]: keyof ColumnValues };
type FoundRow<Table extends LookupColumns> = { readonly [Column in keyof Table]: ColumnValues[Table[Column]] | null };
type KeyOf<Table extends LookupColumns, Key> = Key extends keyof Table
  ? ColumnValues[Table[Key]]
  : Key extends readonly (keyof Table)[]
    ? { readonly [Column in Key[number]]: ColumnValues[Table[Column]] }
    : never;

/**
 * Rows of a table of the D1 database bound as `DB`, or as `binding` says. `key` names the column, or the columns, that tell
 * rows apart: a key with several rows is an error. The keys of a slice are asked for together, up to 500 in one query. The
 * table has to be there, with an index on its key.
 *
 * @example
 * import { fromD1, pipeline } from "../sdk/streams/index.ts";
 *
 * const products = fromD1("products", { columns: { sku: "TEXT", name: "TEXT", euros: "REAL" }, key: "sku" });
 *
 * pipeline("priced", ({ stream }) =>
 *   stream<{ sku: string; count: number }>("orders")
 *     .lookup(products, (order, { name, euros }) => ({ name, total: order.count * (euros ?? 0) }), {
 *       key: (order) => order.sku,
 *     })
 *     .to("priced-orders"),
 * );
 */
export function fromD1<
  const Table extends LookupColumns,
  const Key extends (keyof Table & string) | readonly [keyof Table & string, ...(keyof Table & string)[]],
>(
  table: string,
  options: { readonly binding?: string; readonly columns: Table; readonly key: Key },
): Lookup<KeyOf<Table, Key>, FoundRow<Table>> {
  const { binding = "DB", columns, key } = options;
  const names: readonly string[] = typeof key === "string" ? [key] : key;
  return { source: { kind: "d1", binding, table, columns, key: names } };
}

/**
 * What a service answers over HTTP: `request` makes the request for a key, `response` reads what came. Unless told, 404 and
 * 410 find nothing, other statuses than 2xx are errors, and the body is JSON. With `binding` the request goes to that
 * service binding of the Worker, else out into the net.
 *
 * @example
 * import { fromHttp, pipeline } from "../sdk/streams/index.ts";
 *
 * const rates = fromHttp<string, { rate: number }>({
 *   request: (currency) => new Request(`https://rates.example/euro/${currency}`),
 * });
 *
 * pipeline("in-euros", ({ stream }) =>
 *   stream<{ amount: number; currency: string }>("orders")
 *     .lookup(rates, (order, { rate }) => order.amount * rate, {
 *       key: (order) => order.currency,
 *       cache: { ttl: "1 hour" },
 *     })
 *     .to("orders-in-euros"),
 * );
 */
export function fromHttp<Key, Found>(options: {
  readonly request: (key: Key) => Request | string | URL;
  readonly response?: (response: Response, key: Key) => Promise<Found | null> | Found | null;
  readonly binding?: string;
}): Lookup<Key, Found> {
  const { request, response, binding } = options;
  if (binding !== undefined && !BINDING_PATTERN.test(binding))
    throw new Error(`"${binding}" is not a binding. Name a service of wrangler.toml.`);
  return each("http", async (key: Key, { env, signal }: LookupContext) => {
    const asked = new Request(request(key), { signal });
    const answer = await serviceOf(env, binding).fetch(asked);
    return response === undefined ? jsonOf<Found>(answer, asked.url) : response(answer, key);
  });
}

/**
 * What an async function finds for a key: anything that the Worker can reach. It is called outside the transaction, again
 * after a failure or a crash, and must not change what it asks. null and undefined are nothing found.
 *
 * @example
 * import { fromFunction, type LookupContext, pipeline } from "../sdk/streams/index.ts";
 *
 * interface Env { readonly USERS: { get(key: string, type: "json"): Promise<{ name: string } | null> } }
 * const users = fromFunction((id: string, { env }: LookupContext<Env>) => env.USERS.get(id, "json"));
 *
 * pipeline("named", ({ stream }) =>
 *   stream<{ user: string }>("clicks")
 *     .leftLookup(users, (click, user) => ({ ...click, name: user?.name ?? "somebody" }), { key: (click) => click.user })
 *     .to("named-clicks"),
 * );
 */
export function fromFunction<Key, Found, Env = unknown>(
  find: (key: Key, context: LookupContext<Env>) => Promise<Found | null | undefined>,
): Lookup<Key, Found> {
  return each("function", find);
}

/**
 * As `fromFunction`, for several keys at once, up to `atMost` (500): it gives an array with a value for each key, in their
 * order, null for nothing, an Error for a key that failed alone.
 *
 * @example
 * import { fromFunctionOfMany } from "../sdk/streams/index.ts";
 *
 * fromFunctionOfMany(async (ids: readonly string[]) => {
 *   const answer = await fetch("https://users.example/many", { method: "POST", body: JSON.stringify(ids) });
 *   const users = (await answer.json()) as { readonly [id: string]: { readonly name: string } };
 *   return ids.map((id) => users[id] ?? null);
 * }, { atMost: 100 });
 */
export function fromFunctionOfMany<Key, Found, Env = unknown>(
  find: (keys: readonly Key[], context: LookupContext<Env>) => Promise<readonly (Found | Error | null | undefined)[]>,
  options: { readonly atMost?: number } = {},
): Lookup<Key, Found> {
  const { atMost = LOOKUP_KEYS_PER_QUERY } = options;
  return { source: { kind: "function", atMost, find: find as unknown as FindMany } };
}

type FindMany = Extract<LookupSource, { readonly kind: "function" | "http" }>["find"];

function each<Key, Found, Env>(
  kind: "function" | "http",
  find: (key: Key, context: LookupContext<Env>) => Promise<Found | null | undefined>,
): Lookup<Key, Found> {
  const findMany: FindMany = async ([key], context) => [await find(key as Key, context as LookupContext<Env>)];
  return { source: { kind, atMost: 1, find: findMany } };
}

function serviceOf(env: unknown, binding: string | undefined): { fetch(request: Request): Promise<Response> } {
  if (binding === undefined) return { fetch: (request) => fetch(request) };
  const service = (env as { readonly [binding: string]: { fetch(request: Request): Promise<Response> } | undefined })[
    binding
  ];
  if (service === undefined) throw new Error(`the Worker has no service binding ${binding}`);
  return service;
}

async function jsonOf<Found>(response: Response, url: string): Promise<Found | null> {
  if (response.ok) return (await response.json()) as Found;
  // Its connection is free only when the body is read, or nobody wants it.
  await response.body?.cancel();
  if (response.status === 404 || response.status === 410) return null;
  throw new Error(`${new URL(url).host} answered ${response.status}`);
}

/** A lookup of values of any types, as a node takes it. */
export interface GivenLookup extends Omit<LookupOptions<never, never, unknown>, "key"> {
  readonly join: LookupNode["join"];
  readonly joiner: Typed<LookupNode["joiner"]>;
  readonly key?: Typed<LookupNode["key"]> | undefined;
}

export function lookupOf(
  { source }: Lookup<never, unknown>,
  { join, joiner, key, ...options }: GivenLookup,
): Omit<LookupNode, "name" | "inputs"> {
  if (key === undefined) throw new Error("A lookup needs to know what is looked up. Give it: { key: (value) => … }.");
  const { timeout = DEFAULT_LOOKUP_TIMEOUT_MS, retries = DEFAULT_LOOKUP_RETRIES, cache = {} } = options;
  const { backoff = DEFAULT_LOOKUP_BACKOFF_MS, concurrency = DEFAULT_LOOKUP_CONCURRENCY } = options;
  return {
    kind: "lookup",
    join,
    source,
    key: key as LookupNode["key"],
    joiner: joiner as LookupNode["joiner"],
    timeoutMs: durationMs(timeout),
    retries,
    backoffMs: durationMs(backoff),
    concurrency,
    cache:
      cache === false
        ? undefined
        : {
            entries: cache.entries ?? DEFAULT_LOOKUP_CACHE_ENTRIES,
            ttlMs: durationMs(cache.ttl ?? DEFAULT_LOOKUP_TTL_MS),
          },
  };
}
