import { expect, test } from "vitest";
import { withReport } from "./readme.ts";

test("replaces what is between the markers, and only that", () => {
  for (const end of ["<!-- bench -->", "<!-- /bench -->"]) {
    const readme = `# a\n<!-- bench -->\nold\n${end}\nrest`;
    const once = withReport(readme, "new $1");
    expect(once).toBe(`# a\n<!-- bench -->\n\nnew $1\n\n${end}\nrest`);
    expect(withReport(once, "new $1")).toBe(once);
  }
});

test("a README without markers is refused", () => {
  expect(() => withReport("# a", "new")).toThrow("<!-- bench -->");
});
