import type { RingPlace, RingRow, RingRows } from "../change-ring.ts";

/** A ring in memory; `rows` is what it holds. */
export class MemoryRing implements RingRows {
  readonly rows: RingRow[] = [];

  first(): RingPlace | undefined {
    return this.rows[0];
  }

  last(): RingPlace | undefined {
    return this.rows.at(-1);
  }

  append(row: RingRow): void {
    this.rows.push(row);
  }

  after(seq: number, maxBytes: number): readonly RingRow[] {
    let taken = 0;
    return this.rows.filter((row) => {
      if (row.seq <= seq || taken >= maxBytes) return false;
      taken += row.bytes;
      return true;
    });
  }

  trim(beforeBytes: number): void {
    while ((this.rows[0]?.beginBytes ?? Infinity) < beforeBytes) this.rows.shift();
  }
}
