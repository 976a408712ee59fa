/**
 * The rows without which the others pass, by halving: about `2 log2(n)` trials for one bad row among n. Where each half
 * passes alone and only both together do not, the second half counts as bad.
 */
export async function badRows<Row>(
  rows: readonly Row[],
  fails: (rows: readonly Row[]) => Promise<boolean>,
): Promise<Row[]> {
  if (rows.length === 0 || !(await fails(rows))) return [];
  if (rows.length === 1) return [...rows];
  const middle = rows.length >> 1;
  const first = await badRows(rows.slice(0, middle), fails);
  const second = await badRows(rows.slice(middle), fails);
  return first.length + second.length > 0 ? [...first, ...second] : rows.slice(middle);
}
