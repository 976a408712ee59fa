import { QueryProblem } from "./problem.ts";

export interface Token {
  readonly kind: "name" | "quoted" | "string" | "number" | "parameter" | "symbol" | "end";
  /** Of a quoted name and a string what it stands for, of others what is written. */
  readonly text: string;
  readonly at: number;
}

const SPACE = /[ \t\r\n]+/y;
const PATTERNS: readonly (readonly [Token["kind"], RegExp])[] = [
  ["name", /[A-Za-z_][A-Za-z0-9_]*/y],
  ["quoted", /"(?:[^"\0]|"")+"/y],
  ["string", /'(?:[^'\0]|'')*'/y],
  ["number", /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![A-Za-z0-9_.])/y],
  ["parameter", /\?\d{0,3}(?![A-Za-z0-9_])/y],
  ["symbol", /->>|->|\|\||<=|>=|<>|!=|==|[(),.*/%+<>=;-]/y],
];

/** The words, names, values and signs of a query; anything else in it is a problem. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; ;) {
    at += lengthAt(SPACE, text, at);
    if (at >= text.length) return [...tokens, { kind: "end", text: "the end", at }];
    if (text.startsWith("--", at) || text.startsWith("/*", at))
      throw new QueryProblem("a comment stands in the query", { at, hint: "Leave comments out" });
    const token = tokenAt(text, at);
    tokens.push(token.token);
    at += token.length;
  }
}

function tokenAt(text: string, at: number): { readonly token: Token; readonly length: number } {
  for (const [kind, pattern] of PATTERNS) {
    const length = lengthAt(pattern, text, at);
    if (length > 0) return { token: { kind, text: meaning(kind, text.slice(at, at + length)), at }, length };
  }
  if (text[at] === "'" || text[at] === '"')
    throw new QueryProblem(`what begins with ${text.slice(at, at + 10)} has no end`, {
      at,
      hint: `Put a ${text[at]} behind it; one inside is written twice`,
    });
  const hint = "Names that are no words stand in double quotes, texts in single ones";
  throw new QueryProblem(`"${text.slice(at, at + 10)}" is nothing that a query has`, { at, hint });
}

function lengthAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}

function meaning(kind: Token["kind"], text: string): string {
  if (kind === "quoted") return text.slice(1, -1).replaceAll('""', '"');
  return kind === "string" ? text.slice(1, -1).replaceAll("''", "'") : text;
}
