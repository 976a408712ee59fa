import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Flight } from "../../../pipelines/flight.ts";
import { Millrace } from "../../../sdk/index.ts";
import { EngineProcess } from "../../engine/engine-process.ts";
import { readFlights, recordOf } from "../flights.ts";
import { createTopics } from "../topics.ts";

/** An engine with the demo's topics and the first of its flights, for several tests. */
export class LoadedEngine {
  readonly url: string;
  readonly client: Millrace;
  readonly #folder: string;
  readonly #engine: EngineProcess;
  #sent: readonly Flight[] = [];

  private constructor(folder: string, engine: EngineProcess, url: string) {
    this.#folder = folder;
    this.#engine = engine;
    this.url = url;
    this.client = new Millrace({ url });
  }

  static async start(): Promise<LoadedEngine> {
    const folder = mkdtempSync(join(tmpdir(), "millrace-"));
    const engine = new EngineProcess({ dataDir: folder });
    const loaded = new LoadedEngine(folder, engine, await engine.ready);
    await createTopics(loaded.client);
    return loaded;
  }

  get sent(): readonly Flight[] {
    return this.#sent;
  }

  /** The next flights of the file. Resolves when both pipelines have read them and the table holds what came of it. */
  async sendMore(count: number): Promise<void> {
    const more = readFlights().slice(this.#sent.length, this.#sent.length + count);
    const producer = this.client.producer();
    for (const flight of more) void producer.send("flights", recordOf(flight));
    await producer.close();
    this.#sent = [...this.#sent, ...more];
    for (const pipeline of ["delay-alerts", "airport-hours"]) await this.client.pipelines.drain(pipeline);
  }

  async stop(): Promise<void> {
    await this.#engine.kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
