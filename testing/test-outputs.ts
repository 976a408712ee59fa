import { keysOf } from "../durable-objects/core/plan/keys.ts";
import type { OutboxRow } from "../durable-objects/core/task/task-port.ts";
import { type DeadLetter as Letter, readDeadLetter } from "../schema/dead-letter.ts";
import type { Plan, SinkNode } from "../schema/plan.ts";
import type { D1Sink } from "../schema/sinks.ts";
import type { Bytes, ConsumerRecord } from "../schema/record.ts";
import { unlogged } from "./logged.ts";
import { closestValueOf, headerTexts, keyOf, valueOf } from "./test-codec.ts";
import type { DeadLetter, ReadRecord } from "./test-record.ts";

export type Row = { readonly [column: string]: unknown };
type Cells = readonly unknown[];

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Topics, D1 tables and R2 files that a pipeline writes, each row of the outbox applied once. */
export class TestOutputs {
  readonly #plan: Plan;
  readonly #topics = new Map<string, ConsumerRecord[]>();
  /** By table, then by the JSON of the primary key. */
  readonly #tables = new Map<string, Map<string, Cells>>();
  /** By prefix, then by path. */
  readonly #files = new Map<string, Map<string, unknown[]>>();

  /** Dead letters. */
  readonly #taken = new Set<ConsumerRecord>();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#topics.set(plan.deadLetterTopic, []);
    for (const { sink } of sinksOf(plan)) {
      if (sink.kind === "topic") this.#topics.set(sink.topic, []);
      else if (sink.kind === "d1") this.#tables.set(sink.table, new Map());
      else this.#files.set(sink.prefix, new Map());
    }
  }

  deliver({ target, body }: OutboxRow): void {
    const [, kind = "", name = ""] = /^(\w+):(.*)$/s.exec(target) ?? [];
    if (kind === "topic") this.#deliverRecords(name.slice(0, name.lastIndexOf("/")), body);
    else if (kind === "d1") this.#deliverRows(name, body);
    else this.#deliverLines(name, body);
  }

  /** Takes the records that came to a topic since it was read last. */
  read(topic: string): ReadRecord[] {
    const node = sinksOf(this.#plan).find(({ sink }) => sink.kind === "topic" && sink.topic === topic);
    const keys = node === undefined ? undefined : keysOf(this.#plan.nodes).get(node.name);
    const windows = keys?.kind === "windowed" ? keys.windows : undefined;
    const format = node?.sink.kind === "topic" ? node.sink.format : "json";
    const records = this.#known(this.#topics, topic, "topic").splice(0);
    return records.map((record) => ({
      key: keyOf(record.key, windows),
      value: valueOf(record.value, format),
      timestampMs: record.timestampMs,
      headers: headerTexts(record),
    }));
  }

  deadLetters(): DeadLetter[] {
    const source = this.#plan.nodes.find((node) => node.kind === "source");
    const format = source?.kind === "source" ? source.format : "json";
    return this.#known(this.#topics, this.#plan.deadLetterTopic, "topic").map((record) => {
      const headers = headerTexts(record);
      return {
        key: closestValueOf(record.key, "text") as string | null,
        value: closestValueOf(record.value, format),
        timestampMs: record.timestampMs,
        error: headers["millrace.error"] ?? "",
        node: headers["millrace.node"] ?? "",
        headers,
      };
    });
  }

  /** Those that have not been taken. */
  takeLetters(wanted: (letter: Letter) => boolean): Letter[] {
    const letters = this.#known(this.#topics, this.#plan.deadLetterTopic, "topic");
    return letters.flatMap((record) => {
      const letter = this.#taken.has(record) ? undefined : readDeadLetter(record);
      if (letter === undefined || letter.kind === "result" || !wanted(letter)) return [];
      this.#taken.add(record);
      return [letter];
    });
  }

  /** In order of the primary key. */
  rows(table: string): Row[] {
    const rows = this.#known(this.#tables, table, "table");
    const sink = this.#tableSink(table);
    const columns = Object.keys(sink.columns);
    return [...rows.values()]
      .map((cells): Row => Object.fromEntries(columns.map((column, at) => [column, cells[at]])))
      .toSorted((a, b) => compareRows(a, b, sink.primaryKey));
  }

  files(prefix: string): ReadonlyMap<string, readonly unknown[]> {
    return this.#known(this.#files, prefix, "prefix");
  }

  #deliverRecords(topic: string, body: Bytes): void {
    const records = this.#known(this.#topics, topic, "topic");
    for (const record of unlogged(body)) records.push(record);
  }

  #deliverRows(table: string, body: Bytes): void {
    const rows = this.#known(this.#tables, table, "table");
    const { columns, primaryKey } = this.#tableSink(table);
    const places = primaryKey.map((column) => Object.keys(columns).indexOf(column));
    for (const cells of JSON.parse(`[${decoder.decode(body)}]`) as Cells[]) {
      rows.set(JSON.stringify(places.map((at) => cells[at])), cells);
    }
  }

  #deliverLines(name: string, body: Bytes): void {
    // Prefixes may hold a `/` and one may begin another: the longest that fits is the sink's.
    const prefixes = [...this.#files.keys()].filter((each) => name.startsWith(`${each}/`));
    const prefix = prefixes.toSorted((a, b) => b.length - a.length)[0] ?? name;
    const files = this.#known(this.#files, prefix, "prefix");
    const path = name.slice(prefix.length + 1);
    const values = files.get(path) ?? [];
    files.set(path, values);
    for (const line of decoder.decode(body).trimEnd().split("\n")) values.push(JSON.parse(line));
  }

  #tableSink(table: string): D1Sink {
    const sink = sinksOf(this.#plan).find((node) => node.sink.kind === "d1" && node.sink.table === table)?.sink;
    if (sink?.kind !== "d1") throw new Error(`no sink writes table "${table}"`);
    return sink;
  }

  #known<Held>(held: ReadonlyMap<string, Held>, name: string, what: string): Held {
    const found = held.get(name);
    if (found !== undefined) return found;
    const names = held.size === 0 ? "none" : [...held.keys()].map((each) => `"${each}"`).join(", ");
    throw new Error(`Pipeline "${this.#plan.name}" writes no ${what} "${name}". It writes: ${names}.`);
  }
}

function sinksOf(plan: Plan): readonly SinkNode[] {
  return plan.nodes.filter((node) => node.kind === "sink");
}

function compareRows(a: Row, b: Row, primaryKey: readonly string[]): number {
  for (const column of primaryKey) {
    const left = a[column] as string | number;
    const right = b[column] as string | number;
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
