import type { Env } from "../durable-objects/env.ts";
import { compileOver, mergeAnswers } from "../durable-objects/store-query.ts";
import { type Answer, refuse } from "../schema/error.ts";
import type { PipelineInput, PipelineRecord } from "../schema/rpc/catalog.ts";
import type { SqlValue, StoreSqlAnswer } from "../schema/rpc/store.ts";
import type { SqlParameters } from "../schema/wire/request/sql.ts";
import { checkPartition } from "./path.ts";
import type { Reflected } from "./store-merge.ts";
import { storeIn } from "./store-path.ts";
import { partitionOfKey } from "./store-read.ts";
import { ask, askAll, partitionOf } from "./stubs.ts";

export interface SqlResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
  readonly more: boolean;
  readonly reflects: readonly Reflected[];
}

/** A query in one partition, or in all of them and then merged (SQL-7). */
export async function queryStores(env: Env, pipeline: PipelineRecord, body: SqlParameters): Promise<Answer<SqlResult>> {
  const parameters = body.parameters.map((value) => (typeof value === "boolean" ? Number(value) : value));
  const compiled = compileOver({ sql: body.sql, parameters }, pipeline.stores);
  if (!compiled.ok) return compiled;
  const { query } = compiled;
  const found = inputOf(
    pipeline,
    query.tables.map(({ store }) => store),
  );
  if (!found.ok) return found;
  const { input } = found;
  const placed = partitionFor(input, body);
  if (!placed.ok) return placed;
  const call = (partition: number, part: boolean): Promise<Answer<StoreSqlAnswer>> => {
    const { sql, key, maxRows, minOffset, waitMs } = body;
    const request = { pipeline: pipeline.name, sql, parameters, key, part, maxRows, minOffset, waitMs };
    return partitionOf(env, input, partition).sql(request);
  };
  const { partition } = placed;
  if (partition !== undefined) {
    const answer = await ask(call(partition, false));
    return answer.ok ? resultOf(query.names, answer.rows, { answers: [answer], more: answer.more, ...body }) : answer;
  }
  if (query.part.kind === "none") {
    const hint = 'Give "key" or "partition": within one partition every query can run';
    return refuse("sql_error", `the answers of ${input.partitions} partitions cannot be merged: ${query.part.reason}`, {
      field: "sql",
      hint,
    });
  }
  const asked = await askAll(Array.from({ length: input.partitions }, (_, each) => call(each, true)));
  if (!asked.ok) return asked;
  const { answers } = asked;
  return resultOf(query.names, mergeAnswers(query, answers), { answers, more: false, ...body });
}

/** Stores meet where they lie beside each other: in the tasks of one input. */
function inputOf(pipeline: PipelineRecord, stores: readonly string[]): Answer<{ readonly input: PipelineInput }> {
  const [first, ...others] = stores.map((store) => storeIn(pipeline, store));
  if (first === undefined || !first.ok)
    return first ?? refuse("sql_error", "the query names no store", { field: "sql" });
  for (const other of others) {
    if (!other.ok) return other;
    if (other.input === first.input) continue;
    const message = `stores ${first.store.name} and ${other.store.name} are of different tasks, and their rows in different places`;
    return refuse("sql_error", message, { field: "sql", hint: "Ask each alone, or join the tables in the pipeline" });
  }
  return first;
}

function partitionFor(input: PipelineInput, body: SqlParameters): Answer<{ readonly partition: number | undefined }> {
  const { key, partition, minOffset } = body;
  if (minOffset !== undefined && key === undefined && partition === undefined)
    return refuse("invalid_request", "minOffset needs the partition that it counts in", { field: "partition" });
  if (key !== undefined) return checked(partitionOfKey({ input, parameters: body }, key), input);
  if (partition !== undefined) return checked(partition, input);
  return { ok: true, partition: input.partitions === 1 ? 0 : undefined };
}

function checked(partition: number, { partitions }: PipelineInput): Answer<{ readonly partition: number }> {
  const exists = checkPartition(partition, partitions);
  return exists.ok ? { ok: true, partition } : exists;
}

function resultOf(
  columns: readonly string[],
  rows: readonly (readonly SqlValue[])[],
  {
    answers,
    more,
    maxRows,
  }: { readonly answers: readonly StoreSqlAnswer[]; readonly more: boolean; readonly maxRows: number },
): Answer<SqlResult> {
  const reflects = answers.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  return { ok: true, columns, rows: rows.slice(0, maxRows), more: more || rows.length > maxRows, reflects };
}
