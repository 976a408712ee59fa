import { DurableObject } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/durable-sqlite";
import { catalogMigrations } from "../schema/disk/catalog-migrations.ts";
import { type Answer, refuse } from "../schema/error.ts";
import type { CatalogRpc } from "../schema/rpc/catalog.ts";
import type { TopicConfig } from "../schema/topic-config.ts";
import { Outputs } from "./catalog/outputs.ts";
import { PipelineTable } from "./catalog/pipeline-table.ts";
import { Pipelines } from "./catalog/pipelines.ts";
import { nextNumber, TopicTable } from "./catalog/topic-table.ts";
import { identityOf, Topics, unknownTopic } from "./catalog/topics.ts";
import { isInternal } from "../schema/internal-topic.ts";
import type { Env } from "./env.ts";
import type { Host } from "./host.ts";
import { migrate } from "./sqlite/migrate.ts";
import { type WallClock, wallClock } from "./wall-clock.ts";

/** When a start that waits for something is tried again, if nobody asks before: sooner at first than later. */
const START_AGAIN_MS = 5_000;
const MAX_START_AGAIN_MS = 5 * 60_000;
/** And when it goes on by itself and is only looked after. */
const LOOK_AGAIN_MS = 1_000;

/** Topics, pipelines, and the numbers handed out once. Never on the path of a produce or a read that hits a Worker's cache. */
export abstract class CatalogObject extends DurableObject<Env> implements CatalogRpc {
  readonly #clock: WallClock;
  readonly #database;
  readonly #topics: Topics;
  readonly #pipelines: Pipelines;
  #turn: Promise<unknown> = Promise.resolve();
  /** Starts in a row that left something unfinished. */
  #waits = 0;

  constructor(ctx: DurableObjectState, env: Env, { plans, clock = wallClock }: Host) {
    super(ctx, env);
    this.#clock = clock;
    migrate(ctx.storage.sql, (work) => ctx.storage.transactionSync(work), catalogMigrations);
    this.#database = drizzle(ctx.storage);
    this.#topics = new Topics(new TopicTable(this.#database), env.PARTITION);
    this.#pipelines = new Pipelines({
      table: new PipelineTable(this.#database),
      topics: this.#topics,
      plans,
      clock,
      namespace: env.PARTITION,
      outputs: new Outputs(env),
      nextIncarnation: () => nextNumber(this.#database, "incarnation"),
    });
  }

  async createTopic(request: {
    topic: string;
    partitions: number;
    config: Partial<TopicConfig>;
  }): ReturnType<CatalogRpc["createTopic"]> {
    const answer = await this.#topics.create(request);
    if (answer.ok && answer.created) await this.#start();
    return answer;
  }

  async topics(_request: object): ReturnType<CatalogRpc["topics"]> {
    const rows = this.#topics.table.all().filter((row) => row.status === "open" && !isInternal(row.topic));
    return { ok: true, topics: rows.map(identityOf) };
  }

  async topic({ topic }: { topic: string }): ReturnType<CatalogRpc["topic"]> {
    const row = this.#topics.table.open(topic);
    if (row === undefined) return unknownTopic(topic);
    return { ok: true, identity: identityOf(row), heldBy: this.#pipelines.holdersOf(topic) };
  }

  async configureTopic({
    topic,
    config,
  }: {
    topic: string;
    config: Partial<TopicConfig>;
  }): ReturnType<CatalogRpc["configureTopic"]> {
    return this.#inTurn(() => this.#topics.configure(topic, config));
  }

  async deleteTopic(request: { topic: string; force: boolean }): Promise<Answer> {
    return this.#inTurn(() => this.#deleteTopic(request));
  }

  async #deleteTopic({ topic, force }: { topic: string; force: boolean }): Promise<Answer> {
    const holders = this.#pipelines.holdersOf(topic);
    if (holders.length > 0 && !force) {
      return refuse("topic_in_use", `topic ${topic} is read or written by ${holders.join(", ")}`, {
        hint: "Take the pipeline out of the bundle, or fail it with ?force=true",
        extra: { pipelines: holders.join(",") },
      });
    }
    for (const holder of holders) {
      const failed = await this.#pipelines.fail(holder, `topic ${topic} was deleted`);
      if (!failed.ok) return failed;
    }
    return this.#topics.delete(topic);
  }

  async allocateProducer(_request: object): ReturnType<CatalogRpc["allocateProducer"]> {
    return { ok: true, producerId: nextNumber(this.#database, "producer"), producerEpoch: 0 };
  }

  async pipelines(_request: object): ReturnType<CatalogRpc["pipelines"]> {
    return { ok: true, pipelines: this.#pipelines.records() };
  }

  async pipeline({ name }: { name: string }): ReturnType<CatalogRpc["pipeline"]> {
    return this.#pipelines.record(name);
  }

  async setPipelineState({ name, state }: { name: string; state: "running" | "paused" }): Promise<Answer> {
    return this.#inTurn(() => this.#pipelines.setState(name, state));
  }

  async resetPipeline({
    name,
    from,
    outputs = "keep",
  }: Parameters<CatalogRpc["resetPipeline"]>[0]): ReturnType<CatalogRpc["resetPipeline"]> {
    const answer = await this.#inTurn(() => this.#pipelines.reset(name, { from, erase: outputs === "delete" }));
    // What could not be finished now is gone on with.
    if (!answer.ok && answer.code === "overloaded") await this.#start();
    return answer;
  }

  async forkPipeline(request: Parameters<CatalogRpc["forkPipeline"]>[0]): ReturnType<CatalogRpc["forkPipeline"]> {
    return this.#goingOn(await this.#inTurn(() => this.#pipelines.fork(request)));
  }

  async swapPipeline({
    name,
    version,
  }: Parameters<CatalogRpc["swapPipeline"]>[0]): ReturnType<CatalogRpc["swapPipeline"]> {
    return this.#goingOn(await this.#inTurn(() => this.#pipelines.swap(name, version)));
  }

  async abandonFork({ name }: { name: string }): Promise<Answer> {
    return this.#goingOn(await this.#inTurn(() => this.#pipelines.abandonFork(name)));
  }

  /** What could not be finished in the call is gone on with. */
  async #goingOn<T extends object>(answer: Answer<T>): Promise<Answer<T>> {
    if (!answer.ok && answer.code === "overloaded") await this.#startLater();
    return answer;
  }

  async tables(_request: object): ReturnType<CatalogRpc["tables"]> {
    return { ok: true, tables: this.#pipelines.tables() };
  }

  async reconcile(_request: object): Promise<Answer> {
    await this.#inTurn(() => this.#topics.finishInterrupted());
    await this.#start();
    await this.#pipelines.touchAll();
    return { ok: true };
  }

  /** What a start had to wait for. */
  override async alarm(): Promise<void> {
    await this.#start();
  }

  async #startLater(): Promise<void> {
    await this.ctx.storage.setAlarm(this.#clock.now() + START_AGAIN_MS);
  }

  #start(): Promise<void> {
    return this.#inTurn(async () => {
      const left = await this.#pipelines.startAll();
      this.#waits = left === "waits" ? this.#waits + 1 : 0;
      if (left === "done") return;
      const waitMs =
        left === "catchingUp" ? LOOK_AGAIN_MS : Math.min(MAX_START_AGAIN_MS, START_AGAIN_MS * 2 ** (this.#waits - 1));
      await this.ctx.storage.setAlarm(this.#clock.now() + waitMs);
    });
  }

  /**
   * One change of settings and states at a time, since each awaits partitions in between: two starts would hand out two
   * incarnations, two PATCHes lose one, a pause be overwritten by a start (CAT-8).
   */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.catch(() => undefined).then(work);
    this.#turn = turn;
    return turn;
  }
}
