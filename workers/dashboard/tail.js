// Follows all partitions of one topic by long polls.

import { get } from "./api.js";
import { parseExact } from "./exact-json.js";
import { poll } from "./poll.js";
import { TailPositions } from "./tail-positions.js";
import { inTurns } from "./turns.js";

/**
 * @import { ConsumerRecordJson, ReadAnswerJson } from "../../schema/wire/answer/read.ts"
 * @import { TopicDescription } from "../../schema/wire/answer/topic.ts"
 * @import { Done, Failure, Result } from "./api.js"
 * @import { Gate } from "./gate.js"
 * @import { Extent } from "./tail-positions.js"
 *
 * @typedef {(source: string, outcome: Done | Failure, failures: number) => void} Report
 */

/** Long polls held at a time. Browsers hold six connections to a server that speaks HTTP/1.1, and the page polls too. */
const LANES = 2;
const WAIT_MS = 20_000;
/** With more partitions than lanes each waits for its turn, so no read may wait long. */
const TURN_MS = 500;
const READ_RECORDS = 200;
const TRY_AGAIN_MS = 1_000;

export class Tail {
  #topic;
  #begin;
  #take;
  /** @type {TailPositions | undefined} */
  #positions;
  #lanes = 1;
  #wide = false;

  /**
   * @param {string} topic
   * @param {{begin: () => void, take: (records: readonly ConsumerRecordJson[], skipped: number) => void}} view `begin`
   *   comes before the first records, and again when the tail begins anew; `take` gives each record once, a partition's
   *   in order of offset
   */
  constructor(topic, { begin, take }) {
    this.#topic = topic;
    this.#begin = begin;
    this.#take = take;
  }

  /**
   * Resolves some time after `signal` is aborted.
   * @param {Gate} gate
   * @param {{report: Report, signal: AbortSignal}} options
   */
  async run(gate, { report, signal }) {
    while (!signal.aborted) {
      const started = new AbortController();
      const lost = new AbortController();
      await poll(gate, {
        everyMs: TRY_AGAIN_MS,
        work: (one) => this.#start(one, started),
        report: (outcome, failures) => report("tail", outcome, failures),
        signal: AbortSignal.any([signal, started.signal]),
      });
      const lanes = Array.from({ length: this.#lanes }, (_, lane) =>
        this.#follow(gate, { lane, lost, report, signal }),
      );
      await Promise.all(lanes);
    }
  }

  /**
   * What is known of the topic from elsewhere.
   * @param {readonly Extent[]} extents
   */
  see(extents) {
    this.#positions?.see(extents);
  }

  /**
   * The latest records of every partition. Only here they can be put in order of time over partitions.
   * @param {AbortSignal} signal
   * @param {AbortController} started
   * @returns {Promise<Done | Failure>}
   */
  async #start(signal, started) {
    /** @type {Result<TopicDescription>} */
    const answer = await get(`/v1/topics/${encodeURIComponent(this.#topic)}`, { signal });
    // A topic that is gone leaves the page with the next list.
    if (!answer.ok) return answer.code === "unknown_topic" ? { ok: true } : answer;
    const { partitions } = answer.value;
    const positions = new TailPositions(partitions);
    /** @type {ConsumerRecordJson[]} */
    const records = [];
    /** @type {Failure | undefined} */
    let failure;
    const filled = partitions.filter(({ logStartOffset, logEndOffset }) => logStartOffset < logEndOffset);
    await inTurns(filled, LANES, async () => {
      const read = await this.#read(positions, { signal, waitMs: 0 });
      if (read.ok) records.push(...read.value.records);
      else failure ??= read;
    });
    if (failure !== undefined) return failure;
    this.#begin();
    this.#take(
      records.toSorted((a, b) => a.timestamp - b.timestamp),
      0,
    );
    this.#positions = positions;
    this.#lanes = Math.min(LANES, partitions.length);
    this.#wide = partitions.length > LANES;
    started.abort();
    return { ok: true };
  }

  /**
   * @param {Gate} gate
   * @param {{lane: number, lost: AbortController, report: Report, signal: AbortSignal}} options
   */
  #follow(gate, { lane, lost, report, signal }) {
    let failing = false;
    const waitMs = this.#wide ? TURN_MS : WAIT_MS;
    return poll(gate, {
      everyMs: 0,
      work: async (one) => {
        const positions = this.#positions;
        if (positions === undefined) return { ok: true };
        // After a failure the answer is wanted at once: it is what ends the page's "not reachable".
        const answer = await this.#read(positions, { signal: one, waitMs: failing ? 0 : waitMs });
        failing = !answer.ok;
        if (answer.ok) this.#take(answer.value.records, positions.skipped);
        else if (answer.code === "offset_out_of_range" || answer.code === "unknown_topic") lost.abort();
        return lost.signal.aborted ? { ok: true } : answer;
      },
      report: (outcome, failures) => report(`tail ${lane}`, outcome, failures),
      signal: AbortSignal.any([signal, lost.signal]),
    });
  }

  /**
   * Reads the partition whose turn it is.
   * @param {TailPositions} positions
   * @param {{signal: AbortSignal, waitMs: number}} options
   * @returns {Promise<Result<ReadAnswerJson>>}
   */
  async #read(positions, { signal, waitMs }) {
    const next = positions.take();
    if (next === undefined) throw new Error("more lanes than partitions");
    const { partition, offset, behind } = next;
    const wait = behind ? 0 : waitMs;
    const query = new URLSearchParams({
      offset: String(offset),
      maxRecords: String(READ_RECORDS),
      waitMs: String(wait),
    });
    const path = `/v1/topics/${encodeURIComponent(this.#topic)}/partitions/${partition}/records?${query}`;
    /** @type {Result<ReadAnswerJson>} */
    const answer = await get(path, { signal, waitMs: wait, parse: parseExact });
    positions.done(partition, answer.ok ? answer.value : undefined);
    return answer;
  }
}
