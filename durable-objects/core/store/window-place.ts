import { compareKeys } from "./key-order.ts";

export interface WindowPlace {
  readonly start: number;
  readonly key: string;
}

export function compareWindows(a: WindowPlace, b: WindowPlace): number {
  return a.start - b.start || compareKeys(a.key, b.key);
}
