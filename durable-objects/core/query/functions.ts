/** Number of arguments: at least, at most. */
type Arity = readonly [least: number, most: number];

const ANY = 30;

/** Of SQLite's functions those whose work and result are bounded by their arguments. */
export const SCALARS: ReadonlyMap<string, Arity> = new Map<string, Arity>([
  ["abs", [1, 1]],
  ["ceil", [1, 1]],
  ["coalesce", [2, ANY]],
  ["date", [1, 10]],
  ["datetime", [1, 10]],
  ["floor", [1, 1]],
  ["hex", [1, 1]],
  ["ifnull", [2, 2]],
  ["iif", [3, 3]],
  ["instr", [2, 2]],
  ["json", [1, 1]],
  ["json_array", [0, ANY]],
  ["json_array_length", [1, 2]],
  ["json_extract", [2, ANY]],
  ["json_object", [0, ANY]],
  ["json_type", [1, 2]],
  ["json_valid", [1, 1]],
  ["length", [1, 1]],
  ["lower", [1, 1]],
  ["ltrim", [1, 2]],
  ["max", [2, ANY]],
  ["min", [2, ANY]],
  ["mod", [2, 2]],
  ["nullif", [2, 2]],
  ["pow", [2, 2]],
  ["power", [2, 2]],
  ["round", [1, 2]],
  ["rtrim", [1, 2]],
  ["sign", [1, 1]],
  ["sqrt", [1, 1]],
  ["strftime", [2, 10]],
  ["substr", [2, 3]],
  ["substring", [2, 3]],
  ["time", [1, 10]],
  ["trim", [1, 2]],
  ["typeof", [1, 1]],
  ["unixepoch", [1, 10]],
  ["upper", [1, 1]],
]);

export const AGGREGATES: ReadonlyMap<string, Arity> = new Map<string, Arity>([
  ["avg", [1, 1]],
  ["count", [0, 1]],
  ["group_concat", [1, 2]],
  ["json_group_array", [1, 1]],
  ["max", [1, 1]],
  ["min", [1, 1]],
  ["sum", [1, 1]],
  ["total", [1, 1]],
]);

/** `min` and `max` of one argument are over rows, of several over those. */
export function isAggregate({
  name,
  args,
  star,
}: {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly star: boolean;
}): boolean {
  return AGGREGATES.has(name) && (!SCALARS.has(name) || args.length === 1 || star);
}
