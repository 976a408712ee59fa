import type { Windowed } from "../../../schema/windows.ts";

/**
 * Key of a window whose end does not follow from its start: of sessions and cumulative windows. A topic holds both bounds
 * (Kafka's SessionWindowedSerializer), of other windows the start alone.
 */
export class SpanKey implements Windowed {
  readonly key: string;
  readonly start: number;
  readonly end: number;

  // oxlint-disable-next-line max-params -- the fields, in their order
  constructor(key: string, start: number, end: number) {
    this.key = key;
    this.start = start;
    this.end = end;
  }
}
