import { DurableObject } from "cloudflare:workers";
import { type Answer, refuse } from "../schema/error.ts";
import type {
  AppendRequest,
  Appended,
  DeliverRequest,
  PartitionDescription,
  ProducerPosition,
  ReadAnswer,
  ReadRequest,
} from "../schema/rpc/log.ts";
import type { PartitionRpc } from "../schema/rpc/partition.ts";
import type {
  ChangesAnswer,
  ChangesRequest,
  StoreAnswer,
  StoreReadRequest,
  StoreSqlAnswer,
  StoreSqlRequest,
} from "../schema/rpc/store.ts";
import type {
  AttachRequest,
  Attached,
  DrainRequest,
  LetterState,
  RedriveCounts,
  RetireRequest,
  TaskStatus,
} from "../schema/rpc/task.ts";
import type { TopicConfig } from "../schema/topic-config.ts";
import { release } from "./bytes.ts";
import { append, deliver } from "./partition/appender.ts";
import { Awaiting } from "./partition/awaiting.ts";
import { attach } from "./partition/attach.ts";
import { Deliveries } from "./partition/deliveries.ts";
import { readChanges } from "./partition/change-reader.ts";
import { drain } from "./partition/drain.ts";
import { erase, eraseSlice, openPartition } from "./partition/lifecycle.ts";
import type { Loaded } from "./partition/loaded.ts";
import { read } from "./partition/reader.ts";
import { noTask, notOpen } from "./partition/refusals.ts";
import { letterState, redrive } from "./partition/redrives.ts";
import { retire } from "./partition/retire.ts";
import { armRetention, retain, RETENTION_TIMER, trim } from "./partition/retention.ts";
import type { AttachedTask } from "./partition/attached-task.ts";
import { Shell } from "./partition/shell.ts";
import { statusOf } from "./partition/status.ts";
import { runSql } from "./partition/store-sql.ts";
import { readStore } from "./partition/store-reader.ts";
import { TaskRunner } from "./partition/task-runner.ts";
import type { Env } from "./env.ts";
import type { Host } from "./host.ts";
import { lastSequenceOf } from "./core/log/producer-state.ts";

/**
 * One partition: an ordered log and the tasks that read it, in one SQLite database. This class only translates calls into
 * transactions; what they mean is in core/ and partition/. `Partition` gives it the pipelines of the bundle.
 */
export abstract class PartitionObject extends DurableObject<Env> implements PartitionRpc {
  readonly #shell: Shell;
  readonly #deliveries: Deliveries;
  readonly #runner: TaskRunner;
  readonly #awaiting: Awaiting;

  constructor(ctx: DurableObjectState, env: Env, host: Host) {
    super(ctx, env);
    this.#shell = new Shell(ctx, env, host);
    this.#deliveries = new Deliveries(this.#shell);
    this.#runner = new TaskRunner(this.#shell, this.#deliveries);
    this.#awaiting = new Awaiting(this.#shell, this.#runner.watches);
    this.#deliveries.onRoom = () => this.#runner.kick();
    this.#goOn();
  }

  async open(request: { topic: string; topicId: string; partition: number; config: TopicConfig }): Promise<Answer> {
    return openPartition(this.#shell, request);
  }

  async configure({ config }: { config: TopicConfig }): Promise<Answer> {
    return this.#reloading(() => {
      this.ctx.storage.sql.exec("UPDATE partition SET config = ? WHERE id = 1", JSON.stringify(config));
      return { ok: true };
    });
  }

  async trim({ offset }: { offset: number }): ReturnType<PartitionRpc["trim"]> {
    if (this.#shell.loaded === undefined) return notOpen();
    const answer = this.#shell.write((loaded) => trim(loaded, offset, this.#shell.now()));
    if (!answer.ok) return answer;
    this.#shell.changed.notify();
    this.#goOn();
    return answer;
  }

  async erase(_request: object): Promise<Answer> {
    const answer = erase(this.#shell);
    this.#shell.changed.notify();
    return answer;
  }

  async append(request: AppendRequest): Promise<Answer<Appended>> {
    const appended = this.#appending("append", (loaded, nowMs) => append(loaded, request, nowMs));
    release(request.batch);
    if (request.await === undefined || !appended.ok || appended.duplicate) return appended;
    const to = appended.lastOffset + 1;
    if (request.await === "delivered") return { ...appended, delivered: await this.#awaiting.delivered(to) };
    return { ...appended, processed: await this.#awaiting.processed(appended.baseOffset, to) };
  }

  async deliver(request: DeliverRequest): Promise<Answer<{ readonly last: number }>> {
    const { sql } = this.ctx.storage;
    const answer = this.#appending("take", (loaded, nowMs) => deliver(loaded, sql, { ...request, nowMs }));
    for (const { batch } of request.rows) release(batch);
    return answer;
  }

  async attach(request: AttachRequest): Promise<Answer<Attached>> {
    return this.#reloading((loaded) => attach(loaded, request, { nowMs: this.#shell.now(), plans: this.#shell.plans }));
  }

  async fail({ pipeline, reason }: { pipeline: string; reason: string }): Promise<Answer> {
    return this.#setState({ pipeline }, "failed", reason);
  }

  async retire(request: RetireRequest): Promise<Answer<{ readonly left: readonly string[] }>> {
    return retire({ shell: this.#shell, deliveries: this.#deliveries, goOn: () => this.#goOn() }, request);
  }

  async pause({ pipeline, incarnation }: Parameters<PartitionRpc["pause"]>[0]): Promise<Answer> {
    return this.#setState({ pipeline, incarnation }, "paused", undefined);
  }

  async resume({ pipeline, incarnation, only }: Parameters<PartitionRpc["resume"]>[0]): Promise<Answer> {
    return this.#onLoaded((found) => {
      const tasks = found.tasksOf(pipeline).filter((task) => task.incarnation === (incarnation ?? task.incarnation));
      if (tasks.length === 0) return noTask(pipeline);
      const ids = tasks.filter(({ state }) => state === (only ?? state)).map(({ id }) => id);
      if (ids.length === 0) return { ok: true };
      return this.#reloading(({ taskTable }) => {
        for (const id of ids) taskTable.setState(id, "running", undefined);
        return { ok: true };
      });
    });
  }

  async run({ pipeline }: { pipeline: string }): Promise<Answer> {
    return this.#onTask(pipeline, (loaded) => {
      for (const task of loaded.tasksOf(pipeline)) this.#runner.ask(loaded, task);
      return { ok: true };
    });
  }

  async halt({ pipeline, fork }: { pipeline: string; fork?: number }): Promise<Answer<{ readonly offset: number }>> {
    return this.#reloading((loaded) => {
      const tasks = loaded.tasksOf(pipeline);
      const offset = Math.min(loaded.log.logEndOffset, ...tasks.map(({ stopAt }) => stopAt));
      const late = fork !== undefined && !tasks.some(({ incarnation, muted }) => incarnation === fork && muted);
      if (late) return { ok: true, offset };
      for (const { id } of tasks) loaded.taskTable.setStopAt(id, offset);
      return { ok: true, offset };
    });
  }

  async goOn({ pipeline }: { pipeline: string }): Promise<Answer> {
    return this.#reloading((loaded) => {
      for (const { id } of loaded.tasksOf(pipeline)) loaded.taskTable.setStopAt(id, undefined);
      return { ok: true };
    });
  }

  async unmute({ pipeline, incarnation }: { pipeline: string; incarnation: number }): Promise<Answer> {
    return this.#reloading((loaded) => {
      const task = loaded.taskOf(pipeline, incarnation);
      if (task === undefined) return noTask(pipeline);
      loaded.taskTable.unmute(task.id);
      return { ok: true };
    });
  }

  async touch(_request: object): Promise<Answer> {
    if (this.#shell.loaded === undefined) return notOpen();
    this.#shell.write(({ timers }) => timers.rearm(this.#shell.now()));
    this.#goOn();
    return { ok: true };
  }

  async read(request: ReadRequest): Promise<Answer<ReadAnswer>> {
    return read(this.#shell, request);
  }

  async describe(_request: object): Promise<Answer<PartitionDescription>> {
    return this.#onLoaded(({ log, row }) => {
      const { logStartOffset, logEndOffset, bytes, lastTimestamp } = log;
      return { ok: true, partition: row.partition, logStartOffset, logEndOffset, bytes, lastTimestamp };
    });
  }

  async producer({
    producerId,
  }: {
    producerId: string;
  }): Promise<Answer<{ readonly position: ProducerPosition | null }>> {
    return this.#onLoaded(({ producers }) => {
      const state = producers.get(`batch:${producerId}`) ?? producers.get(`request:${producerId}`);
      const position = state === undefined ? null : { epoch: state.epoch, lastSequence: lastSequenceOf(state) };
      return { ok: true, position };
    });
  }

  async tasks({
    pipeline,
  }: {
    pipeline?: string | undefined;
  }): Promise<Answer<{ readonly tasks: readonly TaskStatus[] }>> {
    return this.#onLoaded((loaded) => {
      const wanted = loaded.tasks.filter(
        (task) => task.state !== "detached" && (pipeline ?? task.pipeline) === task.pipeline,
      );
      return { ok: true, tasks: wanted.map((task) => statusOf(loaded, task, this.#deliveries)) };
    });
  }

  async drain(request: DrainRequest): Promise<Answer> {
    return drain({ shell: this.#shell, runner: this.#runner, deliveries: this.#deliveries }, request);
  }

  async redrive({
    pipeline,
    incarnation,
    letters,
    starts = [],
  }: Parameters<PartitionRpc["redrive"]>[0]): Promise<Answer<RedriveCounts>> {
    const answer = this.#onSender(pipeline, incarnation, (_, { id }) =>
      this.#shell.write((loaded): Answer<RedriveCounts> => {
        const task = loaded.taskById(id) as AttachedTask;
        const nowMs = this.#shell.now();
        const counts = redrive(loaded, task, { letters, starts, nowMs });
        if (counts.waiting > 0) this.#runner.timers.redriven(loaded, task, nowMs);
        return { ok: true, ...counts };
      }),
    );
    this.#goOn();
    return answer;
  }

  async letterStates({
    pipeline,
    incarnation,
    letters,
  }: Parameters<PartitionRpc["letterStates"]>[0]): Promise<Answer<{ readonly states: readonly LetterState[] }>> {
    return this.#onSender(pipeline, incarnation, (loaded, task) => ({
      ok: true,
      states: letters.map((letter) => letterState(loaded, task, letter)),
    }));
  }

  async readStore(request: StoreReadRequest): Promise<Answer<StoreAnswer>> {
    return this.#onFreshTask(request, (loaded, task) => readStore(loaded, task, request));
  }

  async sql(request: StoreSqlRequest): Promise<Answer<StoreSqlAnswer>> {
    const { storage } = this.ctx;
    return this.#onFreshTask(request, (loaded, task) => runSql(storage, { loaded, task }, request));
  }

  async changes(request: ChangesRequest): Promise<Answer<ChangesAnswer>> {
    return readChanges(this.#shell, request);
  }

  override async alarm(): Promise<void> {
    if (this.#shell.loaded === undefined) return eraseSlice(this.#shell);
    const nowMs = this.#shell.now();
    const moved = this.#shell.write((loaded) => {
      let started = false;
      const overdueMs = loaded.timers.overdueMs(nowMs);
      for (const timer of loaded.timers.takeDue(nowMs)) {
        if (timer === RETENTION_TIMER) started = retain(loaded, nowMs);
        else if (timer.includes(":")) this.#runner.timers.due(loaded, timer, { nowMs, overdueMs });
        else this.#deliveries.due(loaded, timer, nowMs);
      }
      loaded.timers.rearm(nowMs);
      return started;
    });
    if (moved) this.#shell.changed.notify();
    this.#goOn();
  }

  /** Work may be waiting from before this wake. */
  #goOn(): void {
    if (this.#shell.loaded === undefined) return;
    this.#shell.write((loaded) => this.#runner.timers.arm(loaded, this.#shell.now()));
    this.#runner.kick();
    this.#deliveries.kick();
  }

  #appending<T extends object>(what: "append" | "take", work: (loaded: Loaded, nowMs: number) => Answer<T>): Answer<T> {
    if (this.#shell.loaded === undefined) return notOpen();
    const nowMs = this.#shell.now();
    const before = this.#shell.loaded.log.logEndOffset;
    const answer = this.#shell.write((loaded): Answer<T> => {
      const done = work(loaded, nowMs);
      if (loaded.log.logEndOffset === before) return done;
      this.#runner.timers.appended(loaded, nowMs);
      armRetention(loaded, nowMs);
      this.#shell.step(`${what}:stored`);
      return done;
    });
    if (this.#shell.loaded.log.logEndOffset > before) {
      this.#shell.step(`${what}:committed`);
      this.#shell.changed.notify();
      this.#runner.kick();
      if (!this.#shell.loaded.outbox.empty) this.#deliveries.kick();
    }
    return answer;
  }

  #setState(
    { pipeline, incarnation }: { readonly pipeline: string; readonly incarnation?: number | undefined },
    state: "paused" | "failed",
    error: string | undefined,
  ): Answer {
    return this.#onLoaded((found) => {
      const tasks = found.tasksOf(pipeline).filter((task) => task.incarnation === (incarnation ?? task.incarnation));
      if (tasks.length === 0) return noTask(pipeline);
      return this.#reloading((loaded) => {
        for (const { id } of tasks) loaded.taskTable.setState(id, state, error);
        return { ok: true };
      });
    });
  }

  /** A change of what memory is built from: it is read anew, and work goes on from there. */
  #reloading<T extends object>(work: (loaded: Loaded) => Answer<T>): Answer<T> {
    if (this.#shell.loaded === undefined) return notOpen();
    const answer = this.#shell.write(work);
    if (answer.ok) {
      this.#shell.reload();
      this.#goOn();
      this.#shell.changed.notify();
    }
    return answer;
  }

  #onLoaded<T extends object>(work: (loaded: Loaded) => Answer<T>): Answer<T> {
    return this.#shell.loaded === undefined ? notOpen() : work(this.#shell.loaded);
  }

  /** When the task has come to `minOffset`. */
  async #onFreshTask<T extends object>(
    { pipeline, minOffset = 0, waitMs }: { pipeline: string; minOffset?: number | undefined; waitMs: number },
    read: (loaded: Loaded, task: AttachedTask) => Answer<T>,
  ): Promise<Answer<T>> {
    const position = (): number => this.#shell.loaded?.taskOf(pipeline)?.position ?? Number.POSITIVE_INFINITY;
    if (await this.#shell.changed.until(() => position() >= minOffset, waitMs)) return this.#onTask(pipeline, read);
    const message = `the task is at ${position()} and did not reach minOffset ${minOffset} within ${waitMs} ms`;
    return refuse("timed_out", message);
  }

  /** The task that sent dead letters, or the one in its place: a fork has letters of its own. */
  #onSender<T extends object>(
    ...[pipeline, incarnation, work]: [string, number, (loaded: Loaded, task: AttachedTask) => Answer<T>]
  ): Answer<T> {
    return this.#onLoaded((loaded) => {
      const task = loaded.taskOf(pipeline, incarnation) ?? loaded.taskOf(pipeline);
      return task === undefined ? noTask(pipeline) : work(loaded, task);
    });
  }

  #onTask<T extends object>(pipeline: string, work: (loaded: Loaded, task: AttachedTask) => Answer<T>): Answer<T> {
    return this.#onLoaded((loaded) => {
      const task = loaded.taskOf(pipeline);
      return task === undefined ? noTask(pipeline) : work(loaded, task);
    });
  }
}
