// Asks again and again, with longer pauses while the server does not answer.

/**
 * @import { Gate } from "./gate.js"
 * @import { Done, Failure } from "./api.js"
 */

const MAX_PAUSE_MS = 15_000;

/**
 * The pause after so many failures in a row: 0.5 s, 1 s, 2 s … 15 s. The first is short because most are one lost request.
 * @param {number} failures at least 1
 */
export function pauseMs(failures) {
  return Math.min(500 * 2 ** (failures - 1), MAX_PAUSE_MS);
}

/**
 * Never resolves while `signal` is not aborted. `report` is told every outcome with the number of failures so far.
 * @param {Gate} gate
 * @param {{everyMs: number, work: (signal: AbortSignal) => Promise<Done | Failure>,
 *   report: (outcome: Done | Failure, failures: number) => void, signal?: AbortSignal}} options
 */
export async function poll(gate, { everyMs, work, report, signal = new AbortController().signal }) {
  for (let failures = 0; !signal.aborted;) {
    await gate.opened();
    const outcome = await work(AbortSignal.any([gate.signal, signal]));
    if (!outcome.ok && outcome.kind === "stopped") continue;
    failures = outcome.ok ? 0 : failures + 1;
    report(outcome, failures);
    if (!signal.aborted) await gate.sleep(outcome.ok ? everyMs : pauseMs(failures));
  }
}
