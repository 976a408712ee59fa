import type { Operator, Output } from "./operator.ts";
import type { StreamRecord } from "./stream-record.ts";
import type { WatermarkClock } from "./watermark-clock.ts";

/** Shows the times of the records that pass to the clock of the task. */
export class Watermark implements Operator {
  readonly name: string;
  readonly #clock: WatermarkClock;
  readonly #input: number;
  readonly #output: Output;

  constructor(at: { readonly name: string; readonly clock: WatermarkClock; readonly input: number }, output: Output) {
    this.name = at.name;
    this.#clock = at.clock;
    this.#input = at.input;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    this.#clock.observe(record.timestampMs, this.#input);
    this.#output.forward(record);
  }
}
