// Lists the numbered rules of schema/SPEC.md that no test quotes. A rule is a line that begins `- **LOG-3**`; a test
// quotes it as `[LOG-3]` or `[LOG-3, LOG-4]`. Exits 1 for a rule without a test, a number given twice, and a quoted
// rule that does not exist.
import { existsSync, globSync, readFileSync } from "node:fs";

const spec = "schema/SPEC.md";
const folders = "{schema,durable-objects,workers,sdk,testing,pipelines,scripts,test}";

function rulesOf(text: string): string[] {
  return [...text.matchAll(/^- \*\*([A-Z]+-\d+)\*\*/gm)].map((match) => match[1] ?? "");
}

/** Each quoted rule with the files that quote it: tests, type tests, and all in `test` folders (suites, golden SQL). */
function quotes(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const patterns = [`${folders}/**/*.{test,test-d}.ts`, `${folders}/**/test/**/*.{ts,sql}`, "test/**/*.{ts,sql}"];
  for (const file of new Set(globSync(patterns))) {
    for (const [, list = ""] of readFileSync(file, "utf8").matchAll(/\[([A-Z]+-\d+(?:,\s*[A-Z]+-\d+)*)\]/g)) {
      for (const rule of list.split(/,\s*/)) found.set(rule, (found.get(rule) ?? new Set()).add(file));
    }
  }
  return found;
}

function problems(rules: readonly string[]): string[] {
  const quoted = quotes();
  const known = new Set(rules);
  // Only the spec's own prefixes: `[UTF-8]` is no rule.
  const prefixes = new Set(rules.map((rule) => rule.replace(/-\d+$/, "")));
  const unknown = [...quoted].filter(([rule]) => !known.has(rule) && prefixes.has(rule.replace(/-\d+$/, "")));
  return [
    ...rules.filter((rule, index) => rules.indexOf(rule) !== index).map((rule) => `${rule} is in ${spec} twice`),
    ...[...known].filter((rule) => !quoted.has(rule)).map((rule) => `${rule} has no test`),
    ...unknown.map(([rule, files]) => `${rule} is not in ${spec}, but quoted in ${[...files].join(", ")}`),
  ];
}

const rules = existsSync(spec) ? rulesOf(readFileSync(spec, "utf8")) : [];
const found =
  rules.length === 0 ? [`${spec} is missing or has no rule (a line that begins \`- **LOG-1**\`)`] : problems(rules);
for (const problem of found) console.error(problem);
if (found.length > 0) process.exit(1);
console.log(`${rules.length} rules, each quoted by a test`);
