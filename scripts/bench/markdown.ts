import { arch, cpus, platform, totalmem } from "node:os";

export function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? "---" : "---:"))), ...rows.map(line)];
}

/** What ran where and when. */
export function setting(command: string): string {
  const [cpu] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const machine = `${cpus().length} cores (${cpu?.model.trim() ?? "unknown"}, ${platform()} ${arch()}), ${gigabytes} GB`;
  return `\`${command}\` on ${machine}, Node.js ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

export function partitionCount(partitions: number): string {
  return partitions === 1 ? "1 partition" : `${partitions} partitions`;
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}
