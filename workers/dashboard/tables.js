// Keeps the rows of one table fresh. Every look at it makes the database read the whole table to sort it, so the page
// looks again only when the pipeline that writes it has done something, and now and then in any case.

import { get } from "./api.js";
import { latestFirst } from "./columns.js";
import { Choice } from "./view/select.js";
import { ROWS, showNoTable, showTable } from "./view/table.js";

/**
 * @import { PipelineDescription } from "../../schema/wire/answer/pipeline.ts"
 * @import { Done, Failure, Result } from "./api.js"
 * @import { Order, TableRows } from "./view/table.js"
 * @typedef {{readonly table: string, readonly pipeline: string, readonly columns: readonly string[]}} TableDescription
 */

const LIST_EVERY_MS = 10_000;
const ROWS_EVERY_MS = 10_000;
const PREFERRED = "airport_hours";

export class Tables {
  #choice;
  #workOf;
  #wake;
  /** @type {readonly TableDescription[] | undefined} */
  #list;
  #listedAtMs = 0;
  #readAtMs = 0;
  /** What the rows shown were read for: of another the page reads again. */
  #shown = "";
  /** @type {Map<string, Order>} */
  #orders = new Map();

  /**
   * @param {HTMLSelectElement} select
   * @param {{workOf: (pipeline: string) => string, wake: () => void}} page `workOf` changes when the pipeline has done
   *   something; `wake` is called when the reader wants something else, so that `refresh` comes at once
   */
  constructor(select, { workOf, wake }) {
    this.#choice = new Choice(select, wake);
    this.#workOf = workOf;
    this.#wake = wake;
  }

  /**
   * One round; mostly it asks for nothing.
   * @param {AbortSignal} signal
   * @returns {Promise<Done | Failure>}
   */
  async refresh(signal) {
    const listed = await this.#refreshList(signal);
    if (!listed.ok) return listed;
    const list = this.#list ?? [];
    const name = this.#choice.offer(
      list.map(({ table }) => table),
      [PREFERRED],
    );
    const described = list.find(({ table }) => table === name);
    if (described === undefined) {
      showNoTable();
      return { ok: true };
    }
    const order = this.#orders.get(described.table) ?? latestFirst(described.columns);
    const wanted = [described.table, order?.by, order?.order, this.#workOf(described.pipeline)].join("\n");
    if (wanted === this.#shown && performance.now() - this.#readAtMs < ROWS_EVERY_MS) return { ok: true };
    const ordered = order === undefined ? {} : { orderBy: order.by, order: order.order };
    const query = new URLSearchParams({ limit: String(ROWS), ...ordered });
    /** @type {Result<TableRows>} */
    const answer = await get(`/v1/tables/${encodeURIComponent(described.table)}?${query}`, { signal });
    if (!answer.ok) return answer;
    this.#shown = wanted;
    this.#readAtMs = performance.now();
    const sort = (/** @type {Order} */ chosen) => {
      this.#orders.set(described.table, chosen);
      this.#wake();
    };
    showTable(described, answer.value, { order, sort });
    return { ok: true };
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<Done | Failure>}
   */
  async #refreshList(signal) {
    if (this.#list !== undefined && performance.now() - this.#listedAtMs < LIST_EVERY_MS) return { ok: true };
    /** @type {Result<{tables: TableDescription[]}>} */
    const answer = await get("/v1/tables", { signal });
    if (!answer.ok) return answer;
    this.#list = answer.value.tables;
    this.#listedAtMs = performance.now();
    return { ok: true };
  }
}
