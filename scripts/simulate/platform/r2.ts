import type { Caller, Network } from "./network.ts";

interface Stored {
  readonly key: string;
  readonly body: Uint8Array;
}

interface Page {
  readonly prefix: string;
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly startAfter?: string | undefined;
}

/** The bucket that all objects share. */
export class SimulatedR2 {
  /** Everything that was ever put, in order. */
  readonly puts: Stored[] = [];
  /** What lies there: by key, the number of the put that it came with. */
  readonly objects = new Map<string, number>();
  /** How many puts there had been when files under a prefix were last looked for, to be deleted. */
  readonly listed = new Map<string, number>();

  /** As one object has it in `env`. */
  bindingFor(caller: Caller, network: Network): R2Bucket {
    const call = (what: string, sent: unknown, work: (request: never) => unknown): Promise<unknown> =>
      network.call(caller, { what: `R2 ${what}`, request: sent }, (request, answer) =>
        answer({ value: work(request as never) }),
      );
    const bucket = {
      put: (key: string, body: Uint8Array) => call("put", { key, body }, (stored: Stored) => this.#put(stored)),
      list: (page: Page) => call("list", page, (request: Page) => this.#list(request)),
      delete: (keys: readonly string[]) =>
        call("delete", keys, (gone: readonly string[]) => {
          for (const key of gone) this.objects.delete(key);
        }),
    };
    return bucket as unknown as R2Bucket;
  }

  #put(stored: Stored): { key: string } {
    this.objects.set(stored.key, this.puts.push(stored));
    return { key: stored.key };
  }

  /** In pages of two, so that there are several. */
  #list({ prefix, cursor, startAfter }: Page): object {
    const after = cursor ?? startAfter ?? "";
    if (after === "") this.listed.set(prefix, this.puts.length);
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).toSorted();
    const some = keys.slice(0, 2);
    const truncated = keys.length > some.length;
    return { objects: some.map((key) => ({ key })), truncated, ...(truncated ? { cursor: some.at(-1) } : {}) };
  }
}
