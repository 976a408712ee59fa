import type { SimulatedR2 } from "../platform/r2.ts";
import { textOf } from "./sent.ts";

/** Incarnations whose files under a prefix count, as its manifest has them. */
export function countedFiles({ puts }: SimulatedR2, prefix: string): readonly number[] | undefined {
  const manifest = puts.findLast(({ key }) => key === `${prefix}.manifest.json`);
  return (JSON.parse(textOf(manifest?.body ?? null) ?? "{}") as { incarnations?: number[] }).incarnations;
}

/** Of the pipeline that wrote the file: its name begins with it. */
export function incarnationOf(key: string): number {
  return Number(/\/(\d+)-[^/]+$/.exec(key)?.[1]);
}
