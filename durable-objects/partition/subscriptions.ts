import { SUBSCRIPTION_LEASE_MS } from "../../schema/limits.ts";
import type { TaskPlan } from "../core/plan/task-plan.ts";
import { shownStore } from "../core/plan/stores.ts";
import type { StateStore } from "../core/store/state-store.ts";
import { ChangeRecorder } from "../core/subscribe/change-recorder.ts";
import { ChangeRing } from "../core/subscribe/change-ring.ts";
import { RecordedStore } from "../core/subscribe/recorded-store.ts";
import { SubscriptionTable } from "../sqlite/subscription-table.ts";

export interface Subscription {
  readonly id: number;
  readonly beganMs: number;
  untilMs: number;
  readonly ring: ChangeRing;
}

/** The stores of one task that somebody follows: what each transaction changes in them is kept in a ring (SUB-2). */
export class Subscriptions {
  readonly #table: SubscriptionTable;
  readonly #byStore = new Map<string, Subscription>();
  readonly #recorder: ChangeRecorder | undefined;

  constructor(sql: SqlStorage, task: number, plan: TaskPlan | undefined) {
    this.#table = new SubscriptionTable(sql, task);
    const rows = this.#table.all();
    for (const { id, store, beganMs, untilMs } of rows) {
      this.#byStore.set(store, { id, beganMs, untilMs, ring: new ChangeRing(this.#table.ring(id)) });
    }
    if (rows.length === 0) return;
    const timed = (store: string): boolean => shownStore(plan?.nodes ?? [], store)?.windows?.kind === "session";
    this.#recorder = new ChangeRecorder(new Map(rows.map(({ store }) => [store, { timed: timed(store) }])));
  }

  /** What the task's code writes to: the store itself while nobody follows. */
  recorded(store: StateStore): StateStore {
    return this.#recorder === undefined ? store : new RecordedStore(store, this.#recorder);
  }

  get(store: string): Subscription | undefined {
    return this.#byStore.get(store);
  }

  /** Inside a transaction; memory is read anew after it, so that the store is recorded from then on. */
  begin(store: string, nowMs: number): void {
    this.#table.begin(store, { beganMs: nowMs, untilMs: nowMs + SUBSCRIPTION_LEASE_MS });
  }

  /** Whether a follower must say again, in a transaction, that it is there. */
  stale({ untilMs }: Subscription, nowMs: number): boolean {
    return untilMs - nowMs < SUBSCRIPTION_LEASE_MS / 2;
  }

  /** Inside a transaction. */
  renew(subscription: Subscription, nowMs: number): void {
    subscription.untilMs = nowMs + SUBSCRIPTION_LEASE_MS;
    this.#table.renew(subscription.id, subscription.untilMs);
  }

  /** Inside a transaction: the task ends. */
  end(): void {
    for (const { id } of this.#byStore.values()) this.#table.end(id);
    this.#byStore.clear();
  }

  /** Inside the transaction of a slice; answers how many rows it wrote. Of stores that nobody has asked for in a while nothing is kept any more. */
  commit(position: number, nowMs: number): number {
    if (this.#recorder === undefined) return 0;
    const taken = this.#recorder.take();
    let written = 0;
    for (const [store, subscription] of this.#byStore) {
      if (subscription.untilMs < nowMs) {
        this.#table.end(subscription.id);
        this.#byStore.delete(store);
      } else written += subscription.ring.add(taken.get(store) ?? [], position);
    }
    return written;
  }
}
