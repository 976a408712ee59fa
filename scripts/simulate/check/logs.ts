import { inspectAll } from "../inspect.ts";
import type { SimulatedProducer } from "../workload/producer.ts";
import type { World } from "../world.ts";

const BASE_OFFSET_BYTES = 8;

/** Users' logs hold every acknowledged batch once, in the order of its producer, at the offset that was told (SIM-5). */
export function checkLogs(world: World, producers: readonly SimulatedProducer[]): string[] {
  const failures: string[] = [];
  for (const { row, ledger, name } of inspectAll(world)) {
    const log = ledger.log();
    const ids = new Set(log.flatMap(({ source }) => (source.startsWith("producer ") ? [source] : [])));
    const here = producers.filter(({ topic }) => topic === row.topic);
    for (const { id } of here) ids.delete(`producer batch:${id}`);
    failures.push(...[...ids].map((source) => `${name}: holds batches of ${source}, who sent none`));
    failures.push(
      ...log
        .filter(({ source }) => source === "")
        .map(({ baseOffset }) => `${name}: nobody sent what stands at offset ${baseOffset}`),
    );
    for (const producer of here) {
      const sent = producer.acknowledged.get(row.partition) ?? [];
      const stored = log.filter(({ source }) => source === `producer batch:${producer.id}`);
      const wrong = sent.findIndex(({ body, baseOffset }, index) => {
        const batch = stored[index];
        return (
          batch === undefined ||
          !Buffer.from(batch.body.subarray(BASE_OFFSET_BYTES)).equals(body.subarray(BASE_OFFSET_BYTES)) ||
          (baseOffset >= 0 && baseOffset !== batch.baseOffset)
        );
      });
      if (wrong < 0 && stored.length === sent.length) continue;
      const at = wrong < 0 ? sent.length : wrong;
      failures.push(
        `${name}: of producer ${producer.id} ${stored.length} batches are stored, ${sent.length} were acknowledged; number ${at + 1} is wrong`,
      );
    }
  }
  return failures;
}
