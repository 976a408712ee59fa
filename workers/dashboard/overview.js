// What the page knows of topics and pipelines: refreshed in rounds, kept when a round fails.

import { get } from "./api.js";
import { Rate } from "./rate.js";
import { due, inTurns } from "./turns.js";

/**
 * @import { TopicDescription, TopicSummary } from "../../schema/wire/answer/topic.ts"
 * @import { PipelineDescription } from "../../schema/wire/answer/pipeline.ts"
 * @import { Done, Failure, Result } from "./api.js"
 *
 * @typedef {Omit<PipelineDescription, "tasks" | "topology">} PipelineSummary
 * @typedef {{readonly summary: TopicSummary, described: TopicDescription | undefined}} TopicRow
 * @typedef {{readonly summary: PipelineSummary, described: PipelineDescription | undefined, readonly rate: Rate}} PipelineRow
 */

/** Descriptions asked for in one round: each wakes every partition of its topic. */
const ROUND = 20;
const WIDTH = 2;

/** A topic created again is another one. @param {{name: string, topicId: string}} topic */
function topicKey({ name, topicId }) {
  return `topic ${name} ${topicId}`;
}

/** Another version or incarnation counts from zero. @param {{name: string, version: number, incarnation: number}} pipeline */
function pipelineKey({ name, version, incarnation }) {
  return `pipeline ${name} ${version} ${incarnation}`;
}

export class Overview {
  /** Undefined until the first answer. @type {readonly TopicRow[] | undefined} */
  topics;
  /** @type {readonly PipelineRow[] | undefined} */
  pipelines;
  /** @type {Map<string, number>} */
  #askedAtMs = new Map();

  /**
   * One round. Answers the first failure; what was answered beside it is taken over all the same.
   * @param {AbortSignal} signal
   * @returns {Promise<Done | Failure>}
   */
  async refresh(signal) {
    const [topics, pipelines] = await Promise.all([
      /** @type {Promise<Result<{topics: TopicSummary[]}>>} */ (get("/v1/topics", { signal })),
      /** @type {Promise<Result<{pipelines: PipelineSummary[]}>>} */ (get("/v1/pipelines", { signal })),
    ]);
    if (!topics.ok) return topics;
    if (!pipelines.ok) return pipelines;
    this.#list(topics.value.topics, pipelines.value.pipelines);
    return this.#describe(signal);
  }

  /**
   * Takes the lists over and keeps what is known of those that are still there.
   * @param {readonly TopicSummary[]} topics
   * @param {readonly PipelineSummary[]} pipelines
   */
  #list(topics, pipelines) {
    const knownTopics = new Map(this.topics?.map((row) => [topicKey(row.summary), row]));
    const knownPipelines = new Map(this.pipelines?.map((row) => [pipelineKey(row.summary), row]));
    this.topics = topics
      .map((summary) => ({ summary, described: knownTopics.get(topicKey(summary))?.described }))
      .toSorted((a, b) => (a.summary.name < b.summary.name ? -1 : 1));
    this.pipelines = pipelines.map((summary) => {
      const known = knownPipelines.get(pipelineKey(summary));
      return { summary, described: known?.described, rate: known?.rate ?? new Rate() };
    });
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<Done | Failure>}
   */
  async #describe(signal) {
    /** @type {Map<string, () => Promise<Done | Failure>>} */
    const asks = new Map();
    for (const row of this.topics ?? []) asks.set(topicKey(row.summary), () => askTopic(row, signal));
    for (const row of this.pipelines ?? []) asks.set(pipelineKey(row.summary), () => askPipeline(row, signal));
    for (const key of this.#askedAtMs.keys()) if (!asks.has(key)) this.#askedAtMs.delete(key);
    /** @type {Failure | undefined} */
    let failure;
    await inTurns(due([...asks.keys()], this.#askedAtMs, ROUND), WIDTH, async (key) => {
      this.#askedAtMs.set(key, performance.now());
      const outcome = await asks.get(key)?.();
      if (outcome?.ok === false && !gone(outcome)) failure ??= outcome;
    });
    return failure ?? { ok: true };
  }
}

/**
 * Between the list and now; the next list is without it.
 * @param {Failure} failure
 */
function gone({ code }) {
  return code === "unknown_topic" || code === "not_found";
}

/**
 * @param {TopicRow} row
 * @param {AbortSignal} signal
 * @returns {Promise<Done | Failure>}
 */
async function askTopic(row, signal) {
  /** @type {Result<TopicDescription>} */
  const answer = await get(`/v1/topics/${encodeURIComponent(row.summary.name)}`, { signal });
  if (answer.ok) row.described = answer.value;
  return answer;
}

/**
 * @param {PipelineRow} row
 * @param {AbortSignal} signal
 * @returns {Promise<Done | Failure>}
 */
async function askPipeline(row, signal) {
  /** @type {Result<PipelineDescription>} */
  const answer = await get(`/v1/pipelines/${encodeURIComponent(row.summary.name)}`, { signal });
  if (!answer.ok) return answer;
  row.described = answer.value;
  const { tasks, sources } = answer.value;
  // What came in from outside: a record that goes on through an internal topic is still the same one.
  const entries = tasks.filter(({ topic }) => sources.includes(topic));
  const records = entries.reduce((sum, { recordsIn }) => sum + recordsIn, 0);
  if (tasks.length > 0) row.rate.add(performance.now(), records);
  return answer;
}
