import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Whether there is such a process, whoever owns it. */
export function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Resident memory in bytes, 0 when there is no such process. */
export function residentBytes(pid: number): number {
  if (process.platform !== "linux") return Number(ps(pid, "rss=")) * 1024;
  const [, kilobytes = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(proc(pid, "status")) ?? [];
  return Number(kilobytes) * 1024;
}

/** Clock ticks a second in /proc: Linux has no other number for programs. */
const TICKS = 100;

/** Processor time that a process has taken, 0 when there is no such process. */
export function cpuSeconds(pid: number): number {
  if (process.platform !== "linux") return secondsOf(ps(pid, "time="));
  // The command's name is in parentheses and may contain anything. Behind it the 12th and 13th are user and system time.
  const [, fields = ""] = /\) (\S [^)]*)$/.exec(proc(pid, "stat")) ?? [];
  const [user = 0, system = 0] = fields.split(" ").slice(11, 13).map(Number);
  return (user + system) / TICKS;
}

/** Of `1:02:03`, `2:03.45` and the like. */
function secondsOf(time: string): number {
  return time.split(/[:-]/).reduce((seconds, part) => seconds * 60 + Number(part), 0);
}

/** Command line and environment as one text; empty when there is no such process or it is another user's. */
export function commandAndEnvironment(pid: number): string {
  if (process.platform !== "linux") return execute("ps", ["-E", "-ww", "-o", "command=", "-p", String(pid)]);
  return `${commandOf(pid)} ${proc(pid, "environ").replaceAll("\0", " ")}`;
}

export function commandOf(pid: number): string {
  if (process.platform !== "linux") return ps(pid, "command=");
  return proc(pid, "cmdline").replaceAll("\0", " ").trim();
}

/** 0 when there is no such process. */
export function parentOf(pid: number): number {
  if (process.platform !== "linux") return Number(ps(pid, "ppid="));
  // The command's name is in parentheses and may contain anything.
  const [, parent = "0"] = /\) \S (\d+) [^)]*$/.exec(proc(pid, "stat")) ?? [];
  return Number(parent);
}

function proc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

function ps(pid: number, column: string): string {
  return execute("ps", ["-ww", "-o", column, "-p", String(pid)]);
}

function execute(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "";
  }
}
