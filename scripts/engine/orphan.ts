import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { alive, commandAndEnvironment } from "./process-info.ts";

/**
 * Ends the workerd that an engine left behind when it was killed where nothing ends the two together (LOC-4). A process id
 * may long be another program's, so it must be a workerd whose own environment names this file.
 */
export async function endOrphan(runtimeFile: string): Promise<void> {
  const pid = pidIn(runtimeFile);
  if (pid === 0 || !alive(pid) || !ours(pid, runtimeFile)) return;
  process.kill(pid, "SIGKILL");
  while (alive(pid) && ours(pid, runtimeFile)) await sleep(20);
}

function ours(pid: number, runtimeFile: string): boolean {
  const text = commandAndEnvironment(pid);
  return text.includes("workerd") && `${text} `.includes(`MILLRACE_WORKERD_PID=${runtimeFile} `);
}

/** 0 when nobody has written one. */
export function pidIn(file: string): number {
  try {
    return Number(readFileSync(file, "utf8")) || 0;
  } catch {
    return 0;
  }
}
