import { QueryProblem } from "./problem.ts";
import type { Value } from "./query.ts";
import { type Token, tokensOf } from "./tokens.ts";

const MAX_DEPTH = 40;

/** Words that begin or join parts of a query: not names unless in quotes. */
const WORDS = new Set(
  `SELECT DISTINCT ALL FROM JOIN INNER LEFT RIGHT FULL OUTER CROSS NATURAL ON USING WHERE GROUP BY HAVING ORDER LIMIT OFFSET
  AS AND OR NOT IN IS NULL LIKE GLOB BETWEEN CASE WHEN THEN ELSE CAST UNION INTERSECT EXCEPT WITH RECURSIVE EXISTS
  OVER WINDOW COLLATE ESCAPE VALUES INSERT UPDATE DELETE REPLACE INTO SET CREATE DROP ALTER ATTACH DETACH PRAGMA
  VACUUM REINDEX ANALYZE EXPLAIN BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE RAISE REGEXP MATCH ISNULL NOTNULL`
    .split(/\s+/)
    .filter((word) => word !== ""),
);

/** Tokens one after another, with the values of parameters. */
export class TokenReader {
  readonly text: string;
  readonly #tokens: readonly Token[];
  readonly #parameters: readonly Value[];
  #place = 0;
  #depth = 0;
  #used = 0;
  #largest = 0;

  constructor(text: string, parameters: readonly Value[]) {
    this.text = text;
    this.#tokens = tokensOf(text);
    this.#parameters = parameters;
  }

  get token(): Token {
    return this.#tokens[this.#place] ?? { kind: "end", text: "the end", at: this.text.length };
  }

  get following(): Token {
    return this.#tokens[this.#place + 1] ?? this.token;
  }

  /** What stands so many tokens further on. */
  textAfter(tokens: number): string {
    return this.#tokens[this.#place + tokens]?.text ?? "";
  }

  next(): Token {
    const { token } = this;
    this.#place++;
    return token;
  }

  /** Whether the words stand here. */
  at(...words: readonly string[]): boolean {
    return words.every((word, index) => {
      const token = this.#tokens[this.#place + index];
      return token?.kind === "name" && token.text.toUpperCase() === word;
    });
  }

  /** Takes the words if they stand here. */
  take(...words: readonly string[]): boolean {
    if (!this.at(...words)) return false;
    this.#place += words.length;
    return true;
  }

  expect(...words: readonly string[]): void {
    if (!this.take(...words)) this.fail(`${words.join(" ")} is expected`);
  }

  takeSymbol(...symbols: readonly string[]): string | undefined {
    const { kind, text } = this.token;
    if (kind !== "symbol" || !symbols.includes(text)) return undefined;
    this.#place++;
    return text;
  }

  expectSymbol(symbol: string): void {
    if (this.takeSymbol(symbol) === undefined) this.fail(`"${symbol}" is expected`);
  }

  /** A name that is no word of a query's own, or one in quotes. */
  takeName(): Token | undefined {
    const { kind, text } = this.token;
    if (kind === "quoted" || (kind === "name" && !WORDS.has(text.toUpperCase()))) return this.next();
    return undefined;
  }

  expectName(what: string): Token {
    return this.takeName() ?? this.fail(`the name of ${what} is expected`);
  }

  parameter(token: Token): Value {
    const number = token.text === "?" ? ++this.#used : Number(token.text.slice(1));
    this.#largest = Math.max(this.#largest, number);
    const value = this.#parameters[number - 1];
    if (value !== undefined) return value;
    throw new QueryProblem(`there is no parameter ${number}`, { at: token.at, hint: "Give parameters as an array" });
  }

  /** At the end: what was given and not asked for is a mistake, never ignored. */
  checkParameters(): void {
    const given = this.#parameters.length;
    if (given <= this.#largest) return;
    const hint = "Give as many as there are";
    throw new QueryProblem(`${given} parameters are given, and the query has ${this.#largest}`, { at: 0, hint });
  }

  /** One level deeper while `read` runs. */
  nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH)
      throw new QueryProblem(`expressions stand more than ${MAX_DEPTH} deep in each other`, { at: this.token.at });
    const value = read();
    this.#depth--;
    return value;
  }

  fail(message: string, hint?: string): never {
    throw new QueryProblem(`${message}, not ${this.token.text}`, { at: this.token.at, hint });
  }
}
