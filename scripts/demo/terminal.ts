import { styleText } from "node:util";

// styleText looks at NO_COLOR and at whether the stream is a terminal.
const style = (format: Parameters<typeof styleText>[0]) => (text: string) =>
  styleText(format, text, { stream: process.stdout });

export const bold = style("bold");
export const dim = style("dim");
export const blue = style("blue");
export const green = style("green");

export function say(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** 20,000. */
export function count(number: number): string {
  return number.toLocaleString("en-US");
}

/** `1 file`, `90 files`. */
export function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Columns side by side: the first to the left, numbers to the right. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const cell = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(cell).join("   "));
}
