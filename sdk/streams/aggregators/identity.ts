/** What can be told apart by its value. */
export type Scalar = string | number | boolean;

/** Equal for equal items alone. The letter keeps texts, numbers and booleans apart, and every text from being `__proto__`. */
export function identityOf(name: string, item: Scalar): string {
  if (typeof item === "string") return `s${item}`;
  if (typeof item === "boolean") return item ? "t" : "f";
  if (Number.isFinite(item)) return `n${item}`;
  const got = typeof item === "number" ? `${item}` : typeof item;
  throw new TypeError(
    `${name} got ${got}. Give it text, a finite number or a boolean, or null to leave the value out.`,
  );
}
