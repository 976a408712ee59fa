/**
 * A SELECT over a micro-batch: text with numbered parameters, and the stores that it reads, by the names it has for them.
 *
 * @example
 * import { type BatchQuery, batchSql } from "../sdk/streams/index.ts";
 *
 * const largest: BatchQuery = batchSql`select key, max(value ->> 'amount') as amount from batch group by key`;
 */
export interface BatchQuery {
  readonly query: string;
  readonly parameters: readonly (string | number | null)[];
  readonly stores: { readonly [alias: string]: string };
}

/** What may stand in a `batchSql` template: a table of the pipeline, or a value. */
type Part = string | number | boolean | null | { readonly storeName: string };

/**
 * One SELECT of SQLite over the records of a micro-batch, with everything SQLite has: joins, window functions, CTEs, JSON.
 * `batch` has the columns `key`, `value`, `timestamp` and `offset`; a value that is an object or an array is JSON text
 * (`value ->> 'amount'`), another one is itself. A table put into the text is its store as it is with this batch in it, with
 * `key`, `value` and `timestamp`, of windows `start` too, of sessions and sliding windows also `"end"`, a word of SQL that is
 * quoted. Other values are parameters.
 *
 * @example
 * import { batchSql, every, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("shares", ({ stream }) => {
 *   const orders = stream<{ amount: number }>("orders");
 *   const totals = orders.groupByKey().aggregate(() => 0, (total, order) => total + order.amount, { store: "totals" });
 *   orders
 *     .batchSql(batchSql`
 *       select batch.key, sum(batch.value ->> 'amount') / t.value as share
 *       from batch join ${totals} as t on t.key = batch.key
 *       group by batch.key having share > ${0.5}`)
 *     .to("large-shares");
 * }).trigger(every("10 seconds"));
 */
export function batchSql(texts: TemplateStringsArray, ...parts: readonly Part[]): BatchQuery {
  const stores: Record<string, string> = {};
  const parameters: (string | number | null)[] = [];
  const query = texts.map((text, index) => {
    if (index === 0) return text;
    const part = parts[index - 1];
    if (typeof part === "object" && part !== null) {
      stores[part.storeName] = part.storeName;
      return `"${part.storeName}"${text}`;
    }
    parameters.push(typeof part === "boolean" ? Number(part) : (part ?? null));
    return `?${parameters.length}${text}`;
  });
  return { query: query.join("").trim(), parameters, stores };
}
