import type { Caller, Network } from "./network.ts";

/** The bucket that all objects share. */
export class SimulatedR2 {
  /** Everything that was ever put, in order. */
  readonly puts: { readonly key: string; readonly body: Uint8Array }[] = [];

  /** As one object has it in `env`. */
  bindingFor(caller: Caller, network: Network): R2Bucket {
    const put = (key: string, body: Uint8Array): Promise<unknown> =>
      network.call(caller, { what: "R2 put", request: { key, body } }, (request, answer) => {
        this.puts.push(request as { key: string; body: Uint8Array });
        answer({ value: { key } });
      });
    return { put } as unknown as R2Bucket;
  }
}
