import { isInternal } from "../../../schema/internal-topic.ts";
import { partitionName } from "../../../schema/rpc/log.ts";
import { incarnations, type Remembered, rememberAll } from "../inspect.ts";
import type { LedgerTask, SentRow } from "../ledger.ts";
import type { World } from "../world.ts";
import { difference, textOf } from "./sent.ts";

/** Kafka's base offset, which the partition gives. */
const BASE_OFFSET_BYTES = 8;

/**
 * Every target holds each source's outbox rows once and in the order of their sequences (SIM-4); of former incarnations of
 * `cleared` pipelines tables and files may lack what was last.
 */
export function checkDelivered(world: World, cleared: ReadonlySet<string>): string[] {
  const partitions = rememberAll(world);
  const gone = new Set(partitions.filter(({ row }) => row.status !== "open").map(({ name }) => name));
  const known: Expected = { topics: new Map(), tables: new Map(), files: new Map(), gone, dropped: new Set() };
  const live = incarnations(world);
  for (const partition of partitions) {
    for (const task of partition.ledger.tasks()) {
      const ended = task.incarnation !== live.get(task.pipeline);
      expect(known, partition, { ...task, ended, cleared: ended && cleared.has(task.pipeline) });
    }
  }
  return [
    ...partitions.flatMap(({ ledger, name }) =>
      ledger.tasks().flatMap((task) => dense(ledger.outbox(task.id), task, name)),
    ),
    ...checkTopics(partitions, known),
    ...checkTables(world, known),
    ...checkFiles(world, known),
  ];
}

/** What should have come, by place and source. */
interface Expected {
  readonly topics: Map<string, string[]>;
  readonly tables: Map<string, string[]>;
  readonly files: Map<string, SentRow[]>;
  /** Partitions that were deleted: what they were sent last is a dead letter, though they may have taken it. */
  readonly gone: ReadonlySet<string>;
  /** Places to which not all may have come: of an incarnation that ended, its own internal topics, and what was to go. */
  readonly dropped: Set<string>;
}

type EndedTask = LedgerTask & { readonly ended: boolean; readonly cleared: boolean };

function expect(known: Expected, { row, ledger }: Remembered, task: EndedTask): void {
  const source = `${task.pipeline}/${task.incarnation}/${row.topicId}/${row.partition}`;
  for (const sent of ledger.outbox(task.id)) {
    const { target } = sent;
    const refused = sent.body.byteLength === 0;
    if (target.startsWith("topic:")) {
      const slash = target.lastIndexOf("/");
      const topicId = task.outputs[target.slice("topic:".length, slash)]?.topicId ?? "";
      const partition = partitionName(topicId, Number(target.slice(slash + 1)));
      const place = `${partition} task ${source}`;
      const gone = known.gone.has(partition);
      if (gone || (task.ended && isInternal(target.slice("topic:".length)))) known.dropped.add(place);
      if (!refused || gone) put(known.topics, place, bodyOf(refused ? sent.made : sent.body));
    } else if (refused) continue;
    else if (target.startsWith("d1:")) {
      const place = `${source}/${target.slice("d1:".length)}`;
      if (task.cleared) known.dropped.add(place);
      put(known.tables, place, textOf(sent.body) ?? "");
    } else {
      const place = `${target.slice("r2:".length)}/ ${source} ${task.input ?? row.topic}.${row.partition}`;
      if (task.cleared) known.dropped.add(place);
      put(known.files, place, sent);
    }
  }
}

function put<Item>(known: Map<string, Item[]>, place: string, item: Item): void {
  const items = known.get(place);
  if (items === undefined) known.set(place, [item]);
  else items.push(item);
}

function bodyOf(batch: Uint8Array): string {
  return Buffer.from(batch.subarray(BASE_OFFSET_BYTES)).toString("latin1");
}

function dense(rows: readonly SentRow[], task: LedgerTask, name: string): string[] {
  const scopes = Map.groupBy(rows, ({ target }) => scopeOf(task, target));
  return [...scopes].flatMap(([scope, some]) => {
    const sequences = some.map(({ sequence }) => sequence).toSorted((a, b) => a - b);
    const gap = sequences.findIndex((sequence, index) => sequence !== index + 1);
    return gap < 0
      ? []
      : [`sequences of ${task.pipeline} on ${name} for ${scope}: ${sequences[gap]} stands where ${gap + 1} should`];
  });
}

/** All paths of an R2 sink share their sequences. */
function scopeOf({ sinks }: LedgerTask, target: string): string {
  const sink = sinks.find((each) => each.kind === "r2" && target.startsWith(`r2:${each.prefix}/`));
  return sink?.kind === "r2" ? `r2:${sink.prefix}` : target;
}

function checkTopics(partitions: readonly Remembered[], { topics, dropped }: Expected): string[] {
  const found = new Map<string, string[]>();
  const failures: string[] = [];
  for (const { name, ledger } of partitions) {
    let end = 0;
    for (const { baseOffset, body, source } of ledger.log()) {
      if (source.startsWith("task ")) put(found, `${name} ${source}`, bodyOf(body));
      if (baseOffset !== end) failures.push(`log of ${name}: offset ${baseOffset} follows ${end - 1}`);
      end = baseOffset + new DataView(body.buffer, body.byteOffset).getInt32(57);
    }
  }
  for (const place of new Set([...topics.keys(), ...found.keys()])) {
    const once = topics.get(place) ?? [];
    const here = found.get(place) ?? [];
    failures.push(...sequenceFailures(place, dropped.has(place) ? once.slice(0, here.length) : once, here));
  }
  return failures;
}

function sequenceFailures(place: string, once: readonly string[], here: readonly string[]): string[] {
  const at = once.findIndex((body, index) => body !== here[index]);
  if (at < 0 && once.length === here.length) return [];
  const where = at < 0 ? once.length : at;
  return [
    `${place}: ${here.length} batches stand in the log, ${once.length} were sent; the first that is wrong is number ${where + 1}`,
  ];
}

/** The rows of a batch follow the statement that moves the progress of its source: see durable-objects/sink/d1-sink.ts. */
function checkTables({ d1 }: World, { tables, dropped }: Expected): string[] {
  const found = new Map<string, string[]>();
  for (const queries of d1.batches) {
    const advance = queries.find(({ sql }) => sql.startsWith("UPDATE millrace_progress"));
    if (advance === undefined) continue;
    const rows = queries.filter(({ sql }) => sql.startsWith('INSERT INTO "'));
    for (const { bindings } of rows) put(found, advance.bindings[0] as string, (bindings[0] as string).slice(1, -1));
  }
  return [...new Set([...tables.keys(), ...found.keys()])].flatMap((place) =>
    textFailures(`D1, ${place}: rows applied`, {
      once: (tables.get(place) ?? []).join(","),
      here: (found.get(place) ?? []).join(","),
      dropped: dropped.has(place),
    }),
  );
}

/** Where some may have been dropped, what is there is the beginning of what was sent. */
function textFailures(what: string, sent: { once: string; here: string; dropped: boolean }): string[] {
  const { once, here, dropped } = sent;
  return difference(what, { once: dropped ? once.slice(0, here.length) : once, here });
}

/** A file holds the rows from and to the sequences in its name; repeated PUTs are equal. */
function checkFiles({ r2 }: World, { files, dropped }: Expected): string[] {
  const bodies = new Map<string, string>();
  const failures: string[] = [];
  for (const { key, body } of r2.puts) {
    // What the Catalog says of the files.
    if (key.endsWith(".manifest.json")) continue;
    const text = textOf(body) ?? "";
    if ((bodies.get(key) ?? text) !== text) failures.push(`R2, ${key}: put again with other bytes`);
    bodies.set(key, text);
  }
  const taken = new Set<string>();
  for (const [place, rows] of files) {
    const [folder = "", source = "", task = ""] = place.split(" ");
    const prefix = `${folder}${source.split("/")[1]}-${task}-`;
    const mine = [...bodies.keys()].filter((key) => key.startsWith(prefix)).toSorted();
    for (const key of mine) taken.add(key);
    failures.push(
      ...textFailures(`R2, ${prefix}*`, {
        once: rows.map(({ body }) => textOf(body)).join(""),
        here: mine.map((key) => bodies.get(key)).join(""),
        dropped: dropped.has(place),
      }),
    );
  }
  return [
    ...failures,
    ...[...bodies.keys()].filter((key) => !taken.has(key)).map((key) => `R2, ${key}: nobody sent it`),
  ];
}
