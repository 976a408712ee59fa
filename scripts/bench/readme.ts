import { EngineError } from "../engine/engine-error.ts";

const BLOCK = /(<!-- bench -->)[\s\S]*?(<!-- \/?bench -->)/;

/** The README with the text between its markers replaced. */
export function withReport(readme: string, text: string): string {
  if (!BLOCK.test(readme)) {
    throw new EngineError("usage", "README.md has no place for the figures: write <!-- bench --> on two lines of it.");
  }
  return readme.replace(BLOCK, (_, begin: string, end: string) => `${begin}\n\n${text}\n\n${end}`);
}
