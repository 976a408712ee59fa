import { isAggregate } from "./functions.ts";
import { type Expression, partsOf } from "./query.ts";
import { named, type SelectParts } from "./select-text.ts";

/** Characters of an expression: over all rows together, and where it is longest. */
export interface TextSize {
  readonly total: number;
  readonly longest: number;
}

/** What a query goes through: rows of its table, or those that its joins make. */
export interface Extent {
  readonly rows: number;
  /** Of all tables, before they are joined. */
  readonly read: { readonly rows: number; readonly characters: number };
  /** Of the characters of its values, how many open an array or an object. */
  readonly nesting: number;
  /** Of a column, by what its table is called where the query runs. */
  size(relation: string, column: string): TextSize;
}

/** Work, in about nanoseconds of one core, and the size of what comes out. */
export interface Cost extends TextSize {
  readonly work: number;
}

/** Of an operator or a function on one row, and on one character. Measured, the slowest of a kind. */
const NODE = 100;
const LEAF = 20;
const CHARACTER = 2;
/** A character of JSON is gone through twice when rows are taken out of it. What is opened costs the more the deeper it is. */
const JSON_CHARACTER = 8;
const OPENED = 130;
/** A character compared with one of a pattern, of a set, or of what is searched for. */
const MATCH = 8;
const TRIM = 14;
const SEARCH = 1;
const LIST = 500;
const DATE = 250;
const FORMAT_CHARACTER = 70;
/** A row that is taken out of JSON, and one that a join makes. */
const READ = 2_500;
const JOINED = 250;
const SORTED = 300;
const COMPARISON = 10;
/** No number is written longer. */
export const NUMBER_CHARACTERS = 24;

/** A character may become so many: in hex or escaped in JSON, in JSON that is written anew, as a part of a time. */
const ESCAPED = 6;
const REWRITTEN = 3;
const FORMATTED = 16;

const DATES: ReadonlySet<string> = new Set(["date", "datetime", "strftime", "time", "unixepoch"]);
/** What they give is one of their arguments. */
const CHOICES: ReadonlySet<string> = new Set(["coalesce", "ifnull", "iif", "max", "min", "nullif"]);
const TRIMS: ReadonlySet<string> = new Set(["ltrim", "rtrim", "trim"]);

/**
 * An upper bound, in about nanoseconds, of what SQLite does for a query: it takes rows out of JSON, joins and sorts them, and
 * computes every expression on every row, with the characters it has. What conditions save is not taken off.
 */
export function workOf(parts: SelectParts, extent: Extent): number {
  const { query, scope, items } = parts;
  const costs = new Costs(parts, extent);
  const conditions = [query.where, query.having, ...query.tables.map(({ join }) => join?.on)];
  const selected = items.map(({ expression }) => costs.of(expression));
  const once = query.distinct ? selected : [];
  const sorted = [...query.groupBy, ...query.orderBy.map(({ expression }) => expression)];
  const made = new Set(items.map(({ expression }) => scope.text(expression, items)));
  const ordered = sorted.map((each): Cost => {
    const expression = named(each, items);
    const cost = costs.of(expression);
    // What was selected is there already.
    return made.has(scope.text(expression, items)) ? { ...cost, work: 0 } : cost;
  });
  const all = [...selected, ...ordered, ...conditions.flatMap((each) => (each === undefined ? [] : [costs.of(each)]))];
  const { rows, read } = extent;
  const given = READ * read.rows + 2 * costs.json(read.characters) + (query.tables.length > 1 ? JOINED * rows : 0);
  return given + sum(all.map(({ work }) => work)) + sum([...ordered, ...once].map((cost) => costs.sorting(cost)));
}

/** Of one expression: the sizes are never less than those of its values. */
export function costOf(expression: Expression, parts: SelectParts, extent: Extent): Cost {
  return new Costs(parts, extent).of(expression);
}

class Costs {
  readonly #parts: SelectParts;
  readonly #extent: Extent;

  constructor(parts: SelectParts, extent: Extent) {
    this.#parts = parts;
    this.#extent = extent;
  }

  /** Each value is compared with so many that the sorted ones are halved each time. */
  sorting({ total }: TextSize): number {
    const { rows } = this.#extent;
    return rows * SORTED + Math.log2(rows + 2) * (rows * COMPARISON + total);
  }

  json(characters: number): number {
    return (JSON_CHARACTER + OPENED * this.#extent.nesting) * characters;
  }

  of(expression: Expression): Cost {
    const { rows } = this.#extent;
    switch (expression.kind) {
      case "constant": {
        const { length } = typeof expression.value === "string" ? expression.value : "";
        return { work: LEAF * rows, total: rows * (length + NUMBER_CHARACTERS), longest: length + NUMBER_CHARACTERS };
      }
      case "number":
        return this.#number(LEAF * rows);
      case "column":
        return this.#column(expression);
      case "call":
        return this.#call(expression);
      case "match":
        return this.#match(expression);
      case "in":
        return this.#list(expression);
      case "case":
        return this.#choice(partsOf(expression).map((part) => this.of(part)));
      case "cast":
      case "unary": {
        const part = this.of(expression.of);
        return this.#grown(this.#read([part]), [part], 1);
      }
      case "binary":
        return this.#binary(expression);
      case "between":
        return this.#number(this.#read(partsOf(expression).map((part) => this.of(part))));
    }
  }

  #column(column: Extract<Expression, { kind: "column" }>): Cost {
    const { items, scope } = this.#parts;
    const item = scope.itemOf(column, items);
    if (item !== undefined) return this.of(item.expression);
    const found = scope.column(column);
    return { work: LEAF * this.#extent.rows, ...this.#extent.size(found.table.relation, found.column) };
  }

  #binary({ operator, left, right }: Extract<Expression, { kind: "binary" }>): Cost {
    const both = [this.of(left), this.of(right)];
    const [text] = both;
    if (operator === "||") return this.#grown(this.#read(both), both, 1);
    if ((operator === "->" || operator === "->>") && text !== undefined)
      return this.#grown(this.#read(both) + this.json(text.total), [text], 1);
    return this.#number(this.#read(both));
  }

  /** A pattern is tried anew at every character, once there is a wildcard in front of it. */
  #match({ of, pattern }: Extract<Expression, { kind: "match" }>): Cost {
    const text = this.of(of);
    const { length } = pattern.kind === "constant" && typeof pattern.value === "string" ? pattern.value : "";
    return this.#number(this.#read([text]) + MATCH * length * text.total);
  }

  #list({ of, list }: Extract<Expression, { kind: "in" }>): Cost {
    const looked = this.of(of);
    // Constants are sorted once.
    const changing = list.filter(({ kind }) => kind !== "constant" && kind !== "number");
    return this.#number(LIST * this.#extent.rows + this.#read([looked, ...changing.map((each) => this.of(each))]));
  }

  #call(call: Extract<Expression, { kind: "call" }>): Cost {
    const { name } = call;
    const args = call.args.map((each) => this.of(each));
    if (isAggregate(call)) return this.#aggregate(call, args);
    const [first = this.#number(0), second = { total: this.#extent.rows, longest: 1 }] = args;
    const read = this.#read(args);
    if (DATES.has(name)) return this.#date(name, first, read + DATE * this.#extent.rows * Math.max(1, args.length));
    if (CHOICES.has(name)) return this.#choice(args);
    if (TRIMS.has(name)) return { ...first, work: read + TRIM * first.total * second.longest };
    switch (name) {
      case "instr":
        return this.#number(read + SEARCH * first.total * second.longest);
      case "hex":
      case "json_array":
      case "json_object":
        return this.#grown(read, args, ESCAPED);
      case "json":
        return this.#grown(read + this.json(first.total), args, REWRITTEN);
      case "json_extract":
        return this.#grown(
          read + this.json(first.total) * (args.length - 1),
          args.slice(1).map(() => first),
          1,
        );
      case "lower":
      case "substr":
      case "substring":
      case "upper":
        return { ...first, work: read };
      default:
        return this.#number(read + (name.startsWith("json") ? this.json(first.total) : 0));
    }
  }

  #aggregate({ name, distinct }: Extract<Expression, { kind: "call" }>, args: readonly Cost[]): Cost {
    const [first = this.#number(0)] = args;
    const work = this.#read(args) + (distinct ? this.sorting(first) : 0);
    if (name === "min" || name === "max") return { ...first, work };
    if (name !== "group_concat" && name !== "json_group_array") return this.#number(work);
    const all = this.#grown(work, args, name === "group_concat" ? 1 : ESCAPED);
    return { ...all, longest: all.total };
  }

  #date(name: string, format: Cost, work: number): Cost {
    if (name !== "strftime") return this.#number(work);
    return this.#grown(work + FORMAT_CHARACTER * format.total, [format], FORMATTED);
  }

  #choice(parts: readonly Cost[]): Cost {
    return { work: this.#read(parts), total: sum(parts.map(({ total }) => total)), longest: most(parts) };
  }

  /** Text made of the parts, each of whose characters may become so many, and of what stands between them. */
  #grown(work: number, parts: readonly TextSize[], times: number): Cost {
    const between = NUMBER_CHARACTERS * (parts.length + 1);
    const total = times * sum(parts.map((each) => each.total)) + between * this.#extent.rows;
    const longest = times * sum(parts.map((each) => each.longest)) + between;
    return { work: work + CHARACTER * total, total, longest };
  }

  #number(work: number): Cost {
    return { work, total: NUMBER_CHARACTERS * this.#extent.rows, longest: NUMBER_CHARACTERS };
  }

  /** The work of the parts, and of one operator or function that reads them. */
  #read(parts: readonly Cost[]): number {
    return NODE * this.#extent.rows + sum(parts.map(({ work, total }) => work + CHARACTER * total));
  }
}

function most(parts: readonly TextSize[]): number {
  return Math.max(0, ...parts.map(({ longest }) => longest));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
