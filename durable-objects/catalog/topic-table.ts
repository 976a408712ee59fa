import { eq } from "drizzle-orm";
import type { DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { counter, topic } from "../../schema/disk/catalog.ts";
import type { TopicIdentity } from "../../schema/rpc/log.ts";
import { readConfig, type TopicConfig } from "../../schema/topic-config.ts";

export type TopicStatus = "creating" | "open" | "deleting";
export type TopicRow = TopicIdentity & { readonly status: TopicStatus };

export class TopicTable {
  readonly #database: DrizzleSqliteDODatabase;

  constructor(database: DrizzleSqliteDODatabase) {
    this.#database = database;
  }

  get(name: string): TopicRow | undefined {
    const row = this.#database.select().from(topic).where(eq(topic.name, name)).get();
    return row === undefined ? undefined : rowOf(row);
  }

  /** A topic that can be used now. */
  open(name: string): TopicRow | undefined {
    const row = this.get(name);
    return row?.status === "open" ? row : undefined;
  }

  all(): TopicRow[] {
    return this.#database.select().from(topic).orderBy(topic.name).all().map(rowOf);
  }

  create(name: string, settings: { partitions: number; config: TopicConfig }): TopicRow {
    // The number is handed out once, so the id is new however often a topic of this name comes and goes.
    const topicId = `${name}-${nextNumber(this.#database, "topic")}`;
    const { partitions, config } = settings;
    this.#database
      .insert(topic)
      .values({ name, topicId, partitions, config: JSON.stringify(config), status: "creating" })
      .run();
    return { topic: name, topicId, partitions, config, status: "creating" };
  }

  setStatus(name: string, status: TopicStatus): void {
    this.#database.update(topic).set({ status }).where(eq(topic.name, name)).run();
  }

  setConfig(name: string, config: TopicConfig): void {
    this.#database
      .update(topic)
      .set({ config: JSON.stringify(config) })
      .where(eq(topic.name, name))
      .run();
  }

  remove(name: string): void {
    this.#database.delete(topic).where(eq(topic.name, name)).run();
  }
}

function rowOf(row: typeof topic.$inferSelect): TopicRow {
  const { name, topicId, partitions, config, status } = row;
  return { topic: name, topicId, partitions, config: readConfig(config), status };
}

/** 1, 2, 3 … for every name: each number is handed out once. */
export function nextNumber(database: DrizzleSqliteDODatabase, name: "topic" | "producer" | "incarnation"): number {
  const before = database.select().from(counter).where(eq(counter.name, name)).get()?.value ?? 0;
  const value = before + 1;
  database.insert(counter).values({ name, value }).onConflictDoUpdate({ target: counter.name, set: { value } }).run();
  return value;
}
