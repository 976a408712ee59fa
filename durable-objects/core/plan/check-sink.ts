import {
  COLUMN_NAME_PATTERN,
  DEFAULT_FILE_BYTES,
  MAX_COLUMNS,
  OBJECT_PREFIX_PATTERN,
  TABLE_NAME_PATTERN,
} from "../../../schema/limits.ts";
import type { Plan } from "../../../schema/plan.ts";
import type { D1Sink, R2Sink, Sink, TopicSink } from "../../../schema/sinks.ts";
import { invalid, type Problem, topicProblem } from "./problem.ts";

interface Place {
  readonly plan: Plan;
  /** Tables and prefixes of the sinks before: one sink owns each. */
  readonly taken: Set<string>;
  readonly field: string;
}

export function checkSink(sink: Sink, place: Place): Problem {
  switch (sink.kind) {
    case "topic":
      return checkTopicSink(sink, place);
    case "d1":
      return checkD1Sink(sink, place);
    case "r2":
      return checkR2Sink(sink, place);
  }
}

function checkTopicSink({ topic }: TopicSink, { plan, field }: Place): Problem {
  const source = plan.nodes.find((node) => node.kind === "source" && node.topic === topic);
  if (source !== undefined && plan.allowCycle !== true) {
    return invalid(
      `${field}.topic`,
      `the pipeline writes topic "${topic}", which it reads`,
      "That would run for ever. Write to another topic, or, where the records stop by themselves, say .allowCycle().",
    );
  }
  if (topic === plan.deadLetterTopic) {
    return invalid(`${field}.topic`, `topic "${topic}" is for dead letters`, "Write to another topic.");
  }
  return topicProblem(`${field}.topic`, topic);
}

function checkD1Sink({ table, columns, primaryKey }: D1Sink, { taken, field }: Place): Problem {
  if (!TABLE_NAME_PATTERN.test(table)) {
    return invalid(
      `${field}.table`,
      `"${table}" is not a table name`,
      "Use up to 63 letters, digits and _, a letter or _ first, and none of the prefixes sqlite_, millrace_ and _cf_.",
    );
  }
  const owner = `d1:${table.toLowerCase()}`;
  if (taken.has(owner)) {
    return invalid(
      `${field}.table`,
      `two sinks write table "${table}"`,
      "Give each sink a table of its own: their rows would overwrite each other in no fixed order.",
    );
  }
  taken.add(owner);
  return checkColumns(Object.keys(columns), field) ?? checkPrimaryKey(primaryKey, columns, field);
}

/** Of a table that is written, or read. */
export function checkColumns(columns: readonly string[], field: string): Problem {
  if (columns.length > MAX_COLUMNS) {
    return invalid(
      `${field}.columns`,
      `${columns.length} columns are above D1's ${MAX_COLUMNS}`,
      "Put some into one JSON column.",
    );
  }
  const bad = columns.find((column) => !COLUMN_NAME_PATTERN.test(column));
  if (bad !== undefined) {
    return invalid(
      `${field}.columns`,
      `"${bad}" is not a column name`,
      "Use up to 63 letters, digits and _, a letter or _ first.",
    );
  }
  const lower = columns.map((column) => column.toLowerCase());
  const twice = columns.find((_, index) => lower.indexOf(lower[index] ?? "") !== index);
  if (twice === undefined) return undefined;
  return invalid(`${field}.columns`, `column "${twice}" is there twice`, "SQLite compares column names without case.");
}

function checkPrimaryKey(primaryKey: readonly string[], columns: D1Sink["columns"], field: string): Problem {
  if (primaryKey.length === 0) {
    return invalid(`${field}.primaryKey`, "the primary key is empty", "Name the columns by which a row is updated.");
  }
  const unknown = primaryKey.find((column) => !Object.hasOwn(columns, column));
  if (unknown !== undefined) {
    return invalid(`${field}.primaryKey`, `"${unknown}" is not a column`, "Name columns of the table.");
  }
  if (new Set(primaryKey).size === primaryKey.length) return undefined;
  return invalid(`${field}.primaryKey`, "a column is in the primary key twice", "Name each column once.");
}

function checkR2Sink({ prefix, rollMs, maxFileBytes }: R2Sink, { taken, field }: Place): Problem {
  if (!OBJECT_PREFIX_PATTERN.test(prefix)) {
    return invalid(
      `${field}.prefix`,
      `"${prefix}" is not an R2 prefix`,
      `Use names of a-z A-Z 0-9 . _ = - joined by "/", with no "/" at either end, up to 200 characters.`,
    );
  }
  const owner = `r2:${prefix}`;
  if (taken.has(owner)) {
    return invalid(`${field}.prefix`, `two sinks write prefix "${prefix}"`, "Give each sink a prefix of its own.");
  }
  // A path of the outer sink could be a path of the inner one: then their files would meet under one name.
  const around = [...taken].find((other) => nested(other, owner));
  if (around !== undefined) {
    return invalid(
      `${field}.prefix`,
      `prefixes "${around.slice("r2:".length)}" and "${prefix}" lie one inside the other`,
      "Give each sink a prefix of its own.",
    );
  }
  taken.add(owner);
  if (!Number.isSafeInteger(rollMs) || rollMs < 0) {
    return invalid(`${field}.rollMs`, `rollMs is ${rollMs}`, "Use whole milliseconds, 0 for a file each batch.");
  }
  if (Number.isSafeInteger(maxFileBytes) && maxFileBytes > 0 && maxFileBytes <= MAX_FILE_BYTES) return undefined;
  return invalid(`${field}.maxFileBytes`, `maxFileBytes is ${maxFileBytes}`, `Use 1 to ${MAX_FILE_BYTES} bytes.`);
}

/** One of two names joined by "/" begins with the other. */
export function nested(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}

/** A file is put together in memory, of which an isolate has 128 MB for all. */
const MAX_FILE_BYTES = 4 * DEFAULT_FILE_BYTES;
