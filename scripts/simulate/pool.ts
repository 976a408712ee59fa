import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

/** What a worker says of the run of one seed. */
export interface SeedResult {
  readonly seed: number;
  readonly failures: readonly string[];
  readonly steps: number;
  readonly faults: number;
}

/** A run that takes so long goes round in a circle without a step, so that nothing else can end it. */
const HANGS_MS = 300_000;

/** Runs the seeds on all processors; `done` is called for each as it ends. Stops early once `done` answers false. */
export async function runSeeds(seeds: Iterator<number>, done: (result: SeedResult) => boolean): Promise<void> {
  let goOn = true;
  const workers = Array.from(
    { length: availableParallelism() },
    () => new Worker(join(import.meta.dirname, "worker.ts")),
  );
  const work = workers.map(
    (worker) =>
      new Promise<void>((resolve, reject) => {
        let watch: NodeJS.Timeout | undefined;
        const next = (): void => {
          const seed = goOn ? seeds.next() : { done: true as const };
          clearTimeout(watch);
          if (seed.done === true) return resolve();
          worker.postMessage(seed.value);
          watch = setTimeout(() => reject(new Error(`seed ${seed.value} hangs`)), HANGS_MS);
        };
        worker.on("message", (result: SeedResult) => {
          goOn = done(result) && goOn;
          next();
        });
        worker.on("error", reject);
        next();
      }),
  );
  try {
    await Promise.all(work);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
