import { alive, commandOf, parentOf } from "./process-info.ts";

const EVERY_MS = 250;

/**
 * Calls `gone` when npm, or what stands between it and this process, has ended: `kill -9` of an npm reaches nothing below it,
 * and the engine would go on holding its folder and port. Watches nothing when npm did not start this process.
 */
export function whenNpmEnds(gone: () => void): void {
  if (process.platform === "win32" || process.env["npm_lifecycle_event"] === undefined) return;
  const watched = upToNpm();
  if (watched.length === 0) return;
  const timer = setInterval(() => {
    if (watched.every(alive) && process.ppid === watched[0]) return;
    clearInterval(timer);
    gone();
  }, EVERY_MS);
  timer.unref();
}

/** This process's parent and on, the last one npm; empty when none of the nearest is npm. */
function upToNpm(): readonly number[] {
  const above: number[] = [];
  for (let pid = process.ppid; pid > 1 && above.length < 4; pid = parentOf(pid)) {
    above.push(pid);
    // `npm run serve` is npm's own title; `node …/npm-cli.js run serve` where it could not set it.
    if (/^npm( |$)|npm-cli\.js/.test(commandOf(pid))) return above;
  }
  return [];
}
