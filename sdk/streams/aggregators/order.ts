/** What can be compared: numbers by size, text by its UTF-16 units, as `<` does. */
export type Comparable = number | string;

/** Checks what an aggregator was given against what it has; `name` is that of the aggregator. */
export function comparable<Item extends Comparable>(name: string, item: Item, other: Comparable | undefined): Item {
  const fits = typeof item === "string" || Number.isFinite(item);
  if (!fits)
    throw new TypeError(
      `${name} got ${describe(item)}. Give it a finite number or text, or null to leave the value out.`,
    );
  if (other === undefined || typeof other === typeof item) return item;
  throw new TypeError(`${name} got ${describe(item)} after ${describe(other)}. Give it numbers alone, or text alone.`);
}

function describe(item: Comparable): string {
  return typeof item === "number" ? `${item}` : `${JSON.stringify(item)} (${typeof item})`;
}
