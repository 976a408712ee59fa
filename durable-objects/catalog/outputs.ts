import type { D1Sink as D1Definition } from "../../schema/sinks.ts";
import type { Env } from "../env.ts";
import { createTable, FENCE, fenceOf, PROGRESS_TABLE } from "../sink/d1-sink.ts";

/** Objects of one list, and of one delete: developers.cloudflare.com/r2/api/workers. */
const PAGE = 1_000;
/** Pages that one attempt looks at; the next one goes on. */
const MAX_PAGES = 20;
/** `<incarnation>-<task>-<from>-<to>.ndjson`: see durable-objects/sink/r2-sink.ts. */
const FILE_NAME = /\/(\d+)-[^/]+-\d+-\d+\.ndjson$/;

/** Which files under a prefix count. */
export interface Manifest {
  readonly pipeline: string;
  readonly version: number;
  /** A file of another one, by the number that its name begins with, is of a former life. */
  readonly incarnations: readonly number[];
}

export interface FilesToErase {
  /** Files of incarnations from this one on stay, and so do all that are no files of a pipeline. */
  readonly before: number;
  /** The list is by key: what is not behind this one has been looked at. */
  readonly after: string | undefined;
  readonly reached: (key: string) => void;
}

/** What pipelines have written outside of the platform's own objects. */
export class Outputs {
  readonly #database: D1Database;
  readonly #bucket: R2Bucket;

  constructor({ DB, LAKE }: Pick<Env, "DB" | "LAKE">) {
    this.#database = DB;
    this.#bucket = LAKE;
  }

  /**
   * Empties the table: no other pipeline writes it. In the same transaction what may still be on its way from tasks of former
   * incarnations is fenced off, also of those of which nothing has come yet.
   */
  async eraseTable(
    definition: D1Definition,
    { pipeline, before }: { readonly pipeline: string; readonly before: number },
  ): Promise<void> {
    const database = this.#database;
    await database.batch([database.prepare(PROGRESS_TABLE), database.prepare(createTable(definition))]);
    await database.batch([
      database.prepare(FENCE).bind(fenceOf(pipeline, definition.table), before),
      database.prepare(`DELETE FROM "${definition.table}"`),
    ]);
  }

  /** Deletes the files of incarnations before this one; answers whether it came to the end of the list. */
  async eraseFiles(prefix: string, { before, after, reached }: FilesToErase): Promise<boolean> {
    let at: Pick<R2ListOptions, "cursor" | "startAfter"> = after === undefined ? {} : { startAfter: after };
    for (let page = 0; page < MAX_PAGES; page++) {
      const listed: R2Objects = await this.#bucket.list({ prefix: `${prefix}/`, limit: PAGE, ...at });
      const all = listed.objects.map(({ key }) => key);
      const keys = all.filter((key) => isBefore(key, before));
      if (keys.length > 0) await this.#bucket.delete(keys);
      const last = all.at(-1);
      if (last !== undefined) reached(last);
      if (!listed.truncated) return true;
      at = { cursor: listed.cursor };
    }
    return false;
  }

  /** Beside the prefix, where nobody takes it for one of the files. */
  async writeManifest(prefix: string, manifest: Manifest): Promise<void> {
    await this.#bucket.put(`${prefix}.manifest.json`, new TextEncoder().encode(JSON.stringify(manifest)), {
      httpMetadata: { contentType: "application/json" },
    });
  }
}

function isBefore(key: string, incarnation: number): boolean {
  const [, number] = FILE_NAME.exec(key) ?? [];
  return number !== undefined && Number(number) < incarnation;
}
