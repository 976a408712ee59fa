import { expect, test } from "vitest";
import { withBlock } from "./readme.ts";

test("replaces what is between the markers, and only that", () => {
  for (const end of ["<!-- bench -->", "<!-- /bench -->"]) {
    const readme = `# a\n<!-- bench -->\nold\n${end}\nrest`;
    const once = withBlock(readme, "bench", "new $1");
    expect(once).toBe(`# a\n<!-- bench -->\n\nnew $1\n\n${end}\nrest`);
    expect(withBlock(once, "bench", "new $1")).toBe(once);
  }
});

test("a block inside a block is replaced alone, or with all of it [NEX-9]", () => {
  const readme = "<!-- bench -->\nold\n<!-- nexmark -->\nolder\n<!-- /nexmark -->\n<!-- /bench -->\nrest";
  expect(withBlock(readme, "nexmark", "new")).toBe(
    "<!-- bench -->\nold\n<!-- nexmark -->\n\nnew\n\n<!-- /nexmark -->\n<!-- /bench -->\nrest",
  );
  expect(withBlock(readme, "bench", "new")).toBe("<!-- bench -->\n\nnew\n\n<!-- /bench -->\nrest");
});

test("a README without markers is refused", () => {
  expect(() => withBlock("# a", "bench", "new")).toThrow("<!-- bench -->");
});
