import { QueryProblem } from "./problem.ts";
import type { BinaryOperator, Expression } from "./query.ts";
import type { TokenReader } from "./token-reader.ts";

type Parser = (reader: TokenReader) => Expression;

/** In SQLite's order: what binds less holds what binds more. */
export function parseExpression(reader: TokenReader): Expression {
  return reader.nested(() => parseOr(reader));
}

const parseOr: Parser = (reader) => {
  let left = parseAnd(reader);
  while (reader.take("OR")) left = { kind: "binary", operator: "OR", left, right: parseAnd(reader) };
  return left;
};

const parseAnd: Parser = (reader) => {
  let left = parseNot(reader);
  while (reader.take("AND")) left = { kind: "binary", operator: "AND", left, right: parseNot(reader) };
  return left;
};

const parseNot: Parser = (reader) => {
  if (!reader.take("NOT")) return parseEquality(reader);
  return { kind: "unary", operator: "NOT", of: reader.nested(() => parseNot(reader)) };
};

const EQUAL: { readonly [symbol: string]: BinaryOperator } = { "=": "=", "==": "=", "<>": "<>", "!=": "<>" };

const parseEquality: Parser = (reader) => {
  let left = parseComparison(reader);
  for (;;) {
    const symbol = reader.takeSymbol("=", "==", "<>", "!=");
    if (symbol !== undefined) left = binary(EQUAL[symbol] ?? "=", left, parseComparison(reader));
    else if (reader.take("IS")) {
      const operator = reader.take("NOT") ? "IS NOT" : "IS";
      left = binary(operator, left, parseComparison(reader));
    } else {
      const test = parseTest(reader, left);
      if (test === undefined) return left;
      left = test;
    }
  }
};

/** `[NOT] IN`, `BETWEEN`, `LIKE`, `GLOB`. */
function parseTest(reader: TokenReader, of: Expression): Expression | undefined {
  const { at } = reader.token;
  const not = reader.at("NOT") && reader.take("NOT");
  if (reader.take("BETWEEN")) {
    const low = parseComparison(reader);
    reader.expect("AND");
    return { kind: "between", not, of, low, high: parseComparison(reader) };
  }
  if (reader.take("IN")) return { kind: "in", not, of, list: parseList(reader) };
  for (const operator of ["LIKE", "GLOB"] as const) {
    if (reader.take(operator)) return { kind: "match", operator, not, of, pattern: parseComparison(reader), at };
  }
  return not ? reader.fail("IN, BETWEEN, LIKE or GLOB is expected") : undefined;
}

function parseList(reader: TokenReader): readonly Expression[] {
  reader.expectSymbol("(");
  const list: Expression[] = [];
  if (reader.takeSymbol(")") !== undefined) return list;
  do list.push(parseExpression(reader));
  while (reader.takeSymbol(",") !== undefined);
  reader.expectSymbol(")");
  return list;
}

function chain(next: Parser, ...symbols: readonly BinaryOperator[]): Parser {
  return (reader) => {
    let left = next(reader);
    for (;;) {
      const symbol = reader.takeSymbol(...symbols);
      if (symbol === undefined) return left;
      left = binary(symbol as BinaryOperator, left, next(reader));
    }
  };
}

const parseUnary: Parser = (reader) => {
  const sign = reader.takeSymbol("-", "+");
  if (sign === undefined) return parsePrimary(reader);
  return { kind: "unary", operator: sign as "-" | "+", of: reader.nested(() => parseUnary(reader)) };
};

const parseConcat = chain(parseUnary, "||", "->", "->>");
const parseProduct = chain(parseConcat, "*", "/", "%");
const parseSum = chain(parseProduct, "+", "-");
const parseComparison = chain(parseSum, "<", "<=", ">", ">=");

const parsePrimary: Parser = (reader) => {
  const { kind, text, at } = reader.token;
  if (kind === "number") return { kind: "number", text: reader.next().text, at };
  if (kind === "string") return { kind: "constant", value: reader.next().text };
  if (kind === "parameter") return { kind: "constant", value: reader.parameter(reader.next()) };
  if (reader.takeSymbol("(") !== undefined) {
    if (reader.at("SELECT")) return noSubquery(reader);
    const inner = parseExpression(reader);
    reader.expectSymbol(")");
    return inner;
  }
  if (reader.take("NULL")) return { kind: "constant", value: null };
  if (reader.take("CASE")) return parseCase(reader);
  if (reader.take("CAST")) return parseCast(reader);
  if (reader.at("EXISTS")) return noSubquery(reader);
  if (kind === "name" && (reader.at("TRUE") || reader.at("FALSE"))) {
    const token = reader.next();
    return { kind: "number", text: token.text.toUpperCase() === "TRUE" ? "1" : "0", at };
  }
  return parseName(reader, text);
};

function noSubquery(reader: TokenReader): never {
  throw new QueryProblem("a query inside a query", {
    at: reader.token.at,
    hint: "Join the stores by their keys, or ask twice",
  });
}

/** A column or a call. */
function parseName(reader: TokenReader, text: string): Expression {
  const name = reader.takeName();
  if (name === undefined) return reader.fail(`a value is expected`);
  const { at } = name;
  if (reader.takeSymbol(".") !== undefined) {
    return { kind: "column", table: name.text, name: nameAfterDot(reader), at };
  }
  if (name.kind === "quoted" || reader.takeSymbol("(") === undefined)
    return { kind: "column", table: undefined, name: name.text, at };
  const call = { kind: "call", name: text.toLowerCase(), at } as const;
  if (reader.takeSymbol("*") !== undefined) {
    reader.expectSymbol(")");
    return { ...call, args: [], star: true, distinct: false };
  }
  const distinct = reader.take("DISTINCT");
  const args: Expression[] = [];
  if (reader.takeSymbol(")") === undefined) {
    do args.push(parseExpression(reader));
    while (reader.takeSymbol(",") !== undefined);
    reader.expectSymbol(")");
  }
  if (reader.at("OVER")) reader.fail("window functions are not among what a query has");
  return { ...call, args, star: false, distinct };
}

/** Behind a dot every word is a name. */
function nameAfterDot(reader: TokenReader): string {
  const { kind } = reader.token;
  return kind === "name" || kind === "quoted" ? reader.next().text : reader.fail("the name of a column is expected");
}

function parseCase(reader: TokenReader): Expression {
  const of = reader.at("WHEN") ? undefined : parseExpression(reader);
  const branches: (readonly [Expression, Expression])[] = [];
  while (reader.take("WHEN")) {
    const when = parseExpression(reader);
    reader.expect("THEN");
    branches.push([when, parseExpression(reader)]);
  }
  if (branches.length === 0) reader.fail("WHEN is expected");
  const otherwise = reader.take("ELSE") ? parseExpression(reader) : undefined;
  reader.expect("END");
  return { kind: "case", of, branches, otherwise };
}

function parseCast(reader: TokenReader): Expression {
  reader.expectSymbol("(");
  const of = parseExpression(reader);
  reader.expect("AS");
  for (const type of ["TEXT", "INTEGER", "REAL", "NUMERIC"] as const) {
    if (!reader.take(type)) continue;
    reader.expectSymbol(")");
    return { kind: "cast", of, type };
  }
  return reader.fail("TEXT, INTEGER, REAL or NUMERIC is expected");
}

function binary(operator: BinaryOperator, left: Expression, right: Expression): Expression {
  return { kind: "binary", operator, left, right };
}
