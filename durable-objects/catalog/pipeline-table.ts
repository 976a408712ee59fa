import { eq } from "drizzle-orm";
import type { DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { pipeline } from "../../schema/disk/catalog.ts";

export type PipelineRow = typeof pipeline.$inferSelect;

export class PipelineTable {
  readonly #database: DrizzleSqliteDODatabase;

  constructor(database: DrizzleSqliteDODatabase) {
    this.#database = database;
  }

  get(name: string): PipelineRow | undefined {
    return this.#database.select().from(pipeline).where(eq(pipeline.name, name)).get();
  }

  all(): PipelineRow[] {
    return this.#database.select().from(pipeline).orderBy(pipeline.name).all();
  }

  put(row: PipelineRow): void {
    this.#database.insert(pipeline).values(row).onConflictDoUpdate({ target: pipeline.name, set: row }).run();
  }

  /** Topics, as a JSON list, in which tasks of former incarnations may still be. */
  setFormer(name: string, former: string): void {
    this.#database.update(pipeline).set({ former }).where(eq(pipeline.name, name)).run();
  }

  remove(name: string): void {
    this.#database.delete(pipeline).where(eq(pipeline.name, name)).run();
  }

  /** What former incarnations wrote is gone. */
  setErased(name: string): void {
    this.#database.update(pipeline).set({ erasing: null, erasedTo: null }).where(eq(pipeline.name, name)).run();
  }

  /** Of files under a prefix, while they are being deleted: the last key that has been looked at. */
  erasedTo(name: string, prefix: string): string | undefined {
    return this.#erasedTo(name)[prefix];
  }

  setErasedTo(name: string, prefix: string, key: string): void {
    this.#database
      .update(pipeline)
      .set({ erasedTo: JSON.stringify({ ...this.#erasedTo(name), [prefix]: key }) })
      .where(eq(pipeline.name, name))
      .run();
  }

  #erasedTo(name: string): Readonly<Record<string, string>> {
    const text = this.get(name)?.erasedTo ?? null;
    return text === null ? {} : (JSON.parse(text) as Record<string, string>);
  }

  setLive(name: string, live: readonly number[]): void {
    this.#database
      .update(pipeline)
      .set({ live: JSON.stringify(live) })
      .where(eq(pipeline.name, name))
      .run();
  }

  setState(name: string, state: PipelineRow["state"], error: string | null): void {
    this.#database.update(pipeline).set({ state, error }).where(eq(pipeline.name, name)).run();
  }
}
