export type Value = string | number | null;

export type BinaryOperator =
  | "OR"
  | "AND"
  | "="
  | "<>"
  | "IS"
  | "IS NOT"
  | "<"
  | "<="
  | ">"
  | ">="
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "||"
  | "->"
  | "->>";

/** A column as it is written: with the name of its table or without. */
export interface ColumnName {
  readonly kind: "column";
  readonly table: string | undefined;
  readonly name: string;
  readonly at: number;
}

export interface Call {
  readonly kind: "call";
  /** In small letters. */
  readonly name: string;
  readonly args: readonly Expression[];
  /** `count(*)` */
  readonly star: boolean;
  readonly distinct: boolean;
  readonly at: number;
}

export type Expression =
  | { readonly kind: "constant"; readonly value: Value }
  /** As it is written: its digits are not read. */
  | { readonly kind: "number"; readonly text: string; readonly at: number }
  | ColumnName
  | Call
  | { readonly kind: "unary"; readonly operator: "-" | "+" | "NOT"; readonly of: Expression }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: "match";
      readonly operator: "LIKE" | "GLOB";
      readonly not: boolean;
      readonly of: Expression;
      readonly pattern: Expression;
      readonly at: number;
    }
  | {
      readonly kind: "between";
      readonly not: boolean;
      readonly of: Expression;
      readonly low: Expression;
      readonly high: Expression;
    }
  | { readonly kind: "in"; readonly not: boolean; readonly of: Expression; readonly list: readonly Expression[] }
  | {
      readonly kind: "case";
      readonly of: Expression | undefined;
      readonly branches: readonly (readonly [when: Expression, then: Expression])[];
      readonly otherwise: Expression | undefined;
    }
  | { readonly kind: "cast"; readonly of: Expression; readonly type: "TEXT" | "INTEGER" | "REAL" | "NUMERIC" };

export interface Item {
  readonly expression: Expression;
  /** What it is called: its alias, its column's name, or its text. */
  readonly name: string;
}

/** `*` or `table.*` */
export interface AllColumns {
  readonly all: true;
  readonly table: string | undefined;
  readonly at: number;
}

export interface TableName {
  readonly store: string;
  /** What the query calls it. */
  readonly alias: string;
  readonly at: number;
  readonly join: { readonly kind: "inner" | "left"; readonly on: Expression } | undefined;
}

export interface Order {
  readonly expression: Expression;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** One SELECT, as it is written, with the values of its parameters. */
export interface Query {
  readonly distinct: boolean;
  readonly items: readonly (Item | AllColumns)[];
  readonly tables: readonly TableName[];
  readonly where: Expression | undefined;
  readonly groupBy: readonly Expression[];
  readonly having: Expression | undefined;
  readonly orderBy: readonly Order[];
  readonly limit: number | undefined;
  readonly offset: number;
}

/** What must all hold for it to hold. */
export function conjuncts(expression: Expression | undefined): readonly Expression[] {
  if (expression === undefined) return [];
  if (expression.kind !== "binary" || expression.operator !== "AND") return [expression];
  return [...conjuncts(expression.left), ...conjuncts(expression.right)];
}

export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "constant":
    case "number":
    case "column":
      return [];
    case "call":
      return expression.args;
    case "unary":
    case "cast":
      return [expression.of];
    case "binary":
      return [expression.left, expression.right];
    case "match":
      return [expression.of, expression.pattern];
    case "between":
      return [expression.of, expression.low, expression.high];
    case "in":
      return [expression.of, ...expression.list];
    case "case":
      return [
        ...(expression.of === undefined ? [] : [expression.of]),
        ...expression.branches.flat(),
        ...(expression.otherwise === undefined ? [] : [expression.otherwise]),
      ];
  }
}

/** All that stand in its clauses. */
export function expressionsOf({ items, tables, where, groupBy, having, orderBy }: Query): readonly Expression[] {
  return [
    ...items.flatMap((item) => ("all" in item ? [] : [item.expression])),
    ...tables.flatMap(({ join }) => (join === undefined ? [] : [join.on])),
    ...[where, having].filter((condition) => condition !== undefined),
    ...groupBy,
    ...orderBy.map(({ expression }) => expression),
  ];
}
