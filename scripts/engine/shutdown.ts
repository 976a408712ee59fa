import type { Engine } from "./engine.ts";
import { whenNpmEnds } from "./parents.ts";

/**
 * Stops the engine, then ends the process with 0, when a signal says so or npm is gone (LOC-7). Called before the engine
 * starts, so that a signal that comes first ends the start. A second signal does not wait.
 */
export function stopOnSignal(start: Promise<Engine>): void {
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1);
    stopping = true;
    start
      .then((engine) => engine.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`${String(error)}\n`);
          process.exit(1);
        },
      );
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  whenNpmEnds(stop);
}
