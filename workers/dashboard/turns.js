// Who is asked next, where there are more to ask than one round should.

/**
 * Those asked longest ago, at most `limit`, in the order of the list.
 * @param {readonly string[]} names
 * @param {ReadonlyMap<string, number>} askedAtMs
 * @param {number} limit
 */
export function due(names, askedAtMs, limit) {
  if (names.length <= limit) return [...names];
  const age = (/** @type {string} */ name) => askedAtMs.get(name) ?? -1;
  const chosen = new Set(names.toSorted((a, b) => age(a) - age(b)).slice(0, limit));
  return names.filter((name) => chosen.has(name));
}

/**
 * Calls `ask` for each item, at most `width` at a time: browsers hold six connections to a server that speaks HTTP/1.1,
 * and the tail keeps two of them waiting.
 * @template T
 * @param {readonly T[]} items
 * @param {number} width
 * @param {(item: T) => Promise<void>} ask
 */
export async function inTurns(items, width, ask) {
  const rest = items.values();
  const lane = async () => {
    for (const item of rest) await ask(item);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
