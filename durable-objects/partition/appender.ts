import { checkBatch } from "../../schema/check-batch.ts";
import { type Answer, refuse, type Refusal } from "../../schema/error.ts";
import { sequenceAfter, judgeBatch, judgeRequest, remember, type Attempt } from "../core/log/producer-state.ts";
import { judgeDelivery } from "../core/log/upstream.ts";
import { readHeader, type BatchHeader } from "../../schema/record-batch/decode.ts";
import { fingerprintOf, stampLogAppendTime } from "../../schema/record-batch/stamp.ts";
import type { Bytes } from "../../schema/record.ts";
import type { Appended, AppendRequest, DeliverRequest } from "../../schema/rpc/log.ts";
import type { Loaded } from "./loaded.ts";

/** One batch into the log, with the producer that sent it: inside one transaction (LOG-2). */
export function append(loaded: Loaded, request: AppendRequest, nowMs: number): Answer<Appended> {
  if (loaded.internal) {
    return refuse("invalid_request", `topic ${loaded.row.topic} is internal`, {
      hint: "Append to the topics it is made of",
    });
  }
  const header = readHeader(request.batch);
  const producer = producerOf(request, header);
  const state = producer && loaded.producers.get(producer.id);
  const verdict = producer?.judge(state, producer.attempt);
  // Before the topic's config, which may have changed since the batch was stored (IDP-11).
  if (verdict !== undefined && (!verdict.ok || verdict.duplicate)) return verdict;
  const refused = checkBatch(
    loaded.row.config,
    { largestRecordBytes: request.largestRecordBytes, maxTimestampMs: header.maxTimestamp },
    nowMs,
  );
  if (refused !== undefined) return refused;
  const appended = store(loaded, request.batch, nowMs);
  if (appended.ok && producer !== undefined)
    loaded.producers.set(producer.id, remember(state, producer.attempt, appended), nowMs);
  return appended;
}

/** Rows of another task's outbox: those taken before are skipped, the rest appended in order (ENG-6). */
export function deliver(
  loaded: Loaded,
  sql: SqlStorage,
  request: DeliverRequest & { nowMs: number },
): Answer<{ readonly last: number }> {
  const refused = loaded.internal ? refuseStranger(loaded, request) : undefined;
  if (refused !== undefined) return refused;
  const query = "SELECT last FROM upstream WHERE source = ?";
  const before = sql.exec<{ last: number }>(query, request.source).toArray()[0]?.last ?? 0;
  let last = before;
  for (const { sequence, batch } of request.rows) {
    const verdict = judgeDelivery(last, sequence);
    if (!verdict.ok) return last > before ? took(sql, request.source, last) : verdict;
    if (verdict.duplicate) continue;
    if (batch.byteLength > 0) {
      const stored = store(loaded, batch, request.nowMs);
      if (!stored.ok) return last > before ? took(sql, request.source, last) : stored;
    }
    last = sequence;
  }
  return last > before ? took(sql, request.source, last) : { ok: true, last };
}

/**
 * To an internal topic send the tasks of its incarnation alone, and only while they run the code that its own task runs: a
 * deploy reaches one object before another (ENG-24).
 */
function refuseStranger({ row, tasks }: Loaded, { source, code }: DeliverRequest): Refusal | undefined {
  const task = tasks.find(({ state }) => state !== "detached");
  if (task === undefined) return refuse("stale_plan", `no task reads ${row.topic}`);
  if (!source.startsWith(`${task.pipeline}/${task.incarnation}/`)) {
    return refuse("invalid_request", `${source} is no task of ${task.pipeline} incarnation ${task.incarnation}`);
  }
  const { version, hash } = task.identity;
  if (task.plan !== undefined && code?.version === version && code.hash === hash) return undefined;
  return refuse("stale_plan", `${row.topic} is read by other code than ${source} runs`, {
    hint: "A deploy is under way, or the bundle lacks the version",
  });
}

function took(sql: SqlStorage, source: string, last: number): Answer<{ readonly last: number }> {
  sql.exec("INSERT OR REPLACE INTO upstream (source, last) VALUES (?, ?)", source, last);
  return { ok: true, last };
}

function store({ log, row }: Loaded, batch: Bytes, nowMs: number): Answer<Appended> {
  if (row.config.timestampType === "LogAppendTime") stampLogAppendTime(batch, nowMs);
  const appended = log.append(batch);
  return appended.ok ? { ...appended, duplicate: false } : appended;
}

interface Producer {
  readonly id: string;
  readonly attempt: Attempt;
  readonly judge: typeof judgeBatch;
}

function producerOf({ requestSequence, batch }: AppendRequest, header: BatchHeader): Producer | undefined {
  if (requestSequence !== undefined) {
    const { producerId, epoch, sequence, fingerprint } = requestSequence;
    return {
      id: `request:${producerId}`,
      judge: judgeRequest,
      attempt: { epoch, first: sequence, last: sequence, fingerprint },
    };
  }
  if (header.producerId < 0) return undefined;
  const last = sequenceAfter(header.baseSequence, header.recordCount - 1);
  const attempt = { epoch: header.producerEpoch, first: header.baseSequence, last, fingerprint: fingerprintOf(batch) };
  return { id: `batch:${header.producerId}`, judge: judgeBatch, attempt };
}
