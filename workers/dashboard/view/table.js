// Rows of a D1 table. Its headers sort it, in the database: the page has only the first rows.

import { columnsOf } from "../columns.js";
import { heading } from "../format.js";
import { byId, element, keyed, setAttribute, setText } from "./dom.js";
import { showEmpty } from "./empty.js";

/**
 * @import { Column, Row } from "../columns.js"
 * @typedef {{readonly by: string, readonly order: "asc" | "desc"}} Order
 * @typedef {{readonly columns: readonly string[], readonly rows: readonly Row[]}} TableRows
 * @typedef {{readonly table: string, readonly pipeline: string}} TableName
 */

export const ROWS = 100;

const region = byId("table", HTMLElement);
const empty = byId("table-empty", HTMLElement);
const note = byId("table-note", HTMLElement);
const head = region.querySelector("thead") ?? region;
const body = region.querySelector("tbody") ?? region;

/**
 * @param {TableName} name
 * @param {TableRows} answer
 * @param {{order: Order | undefined, sort: (order: Order) => void}} sorting
 */
export function showTable({ table, pipeline }, { columns: names, rows }, { order, sort }) {
  const columns = columnsOf(names, rows);
  region.hidden = rows.length === 0;
  showEmpty(
    empty,
    rows.length > 0 ? [] : [`No row yet. The pipeline ${pipeline} writes ${table} once it has read records.`],
  );
  showHeads(columns, { order, sort });
  keyed(body, [...rows.entries()], {
    key: ([index]) => `${table} ${index} ${columns.length}`,
    create: () => element("tr", {}, ...columns.map(() => element("td"))),
    update: (line, [, row]) => {
      for (const [index, { name, kind, show }] of columns.entries()) {
        const cell = line.cells[index];
        if (cell === undefined) continue;
        setAttribute(cell, "class", kind);
        setText(cell, show(row[name]));
      }
    },
  });
  const most = rows.length < ROWS ? `${rows.length} rows` : `The first ${ROWS} rows`;
  setText(note, rows.length === 0 ? "" : `${most}${order === undefined ? "" : ` by ${orderText(order, columns)}`}.`);
}

/**
 * @param {Order} order
 * @param {readonly Column[]} columns
 */
function orderText({ by, order }, columns) {
  const kind = columns.find(({ name }) => name === by)?.kind ?? "text";
  const [low, high] = { time: ["earliest", "latest"], number: ["lowest", "highest"], text: ["A", "Z"] }[kind] ?? [];
  return `${heading(by).toLowerCase()}, ${order === "asc" ? low : high} first`;
}

/** Without a table. */
export function showNoTable() {
  region.hidden = true;
  setText(note, "");
  showEmpty(empty, ["No table yet. A pipeline that ends in to(d1(…)) writes one."]);
}

/**
 * @param {readonly Column[]} columns
 * @param {{order: Order | undefined, sort: (order: Order) => void}} sorting
 */
function showHeads(columns, { order, sort }) {
  const line = head.firstElementChild ?? head.appendChild(element("tr"));
  keyed(line, columns, {
    key: ({ name }) => name,
    create: ({ name }) => {
      const button = element("button", { type: "button", class: "sort" });
      const cell = element("th", { scope: "col" }, button);
      button.addEventListener("click", () => {
        const by = cell.getAttribute("aria-sort");
        // Numbers and times are most wanted from the top, names from A.
        const first = cell.classList.contains("text") ? "asc" : "desc";
        sort({ by: name, order: by === null ? first : by === "ascending" ? "desc" : "asc" });
      });
      return cell;
    },
    update: (cell, { name, kind, heading: label }) => {
      setAttribute(cell, "class", kind);
      const button = cell.firstElementChild;
      if (button !== null) setText(button, label);
      if (order?.by === name) setAttribute(cell, "aria-sort", order.order === "asc" ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    },
  });
}
