import { EngineError } from "../engine/engine-error.ts";

/** A part of the README that the benchmark writes; `nexmark` is inside `bench`. */
export type Block = "bench" | "nexmark";

/** The README with the text between the markers of a block replaced. */
export function withBlock(readme: string, block: Block, text: string): string {
  const marker = `<!-- ${block} -->`;
  const found = new RegExp(`(${marker})[\\s\\S]*?(<!-- /?${block} -->)`);
  if (!found.test(readme)) {
    throw new EngineError("usage", `README.md has no place for the figures: write ${marker} on two lines of it.`);
  }
  return readme.replace(found, (_, begin: string, end: string) => `${begin}\n\n${text}\n\n${end}`);
}
