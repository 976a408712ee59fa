import { count, dim, green, say } from "./terminal.ts";

const WIDTH = 30;
const REDRAW_MS = 50;

/** One line that is drawn again and again on a terminal; elsewhere a line each quarter. */
export class ProgressBar {
  readonly #total: number;
  readonly #terminal = process.stdout.isTTY === true;
  #done: number;
  #drawnMs = 0;

  constructor({ done, total }: { readonly done: number; readonly total: number }) {
    this.#done = done;
    this.#total = total;
    this.#draw();
  }

  advance(): void {
    const before = this.#done++;
    if (this.#terminal) {
      if (performance.now() - this.#drawnMs > REDRAW_MS) this.#draw();
    } else if (quarter(before, this.#total) < quarter(this.#done, this.#total)) this.#draw();
  }

  /** Leaves the line as it is. */
  end(): void {
    if (!this.#terminal) return;
    this.#draw();
    process.stdout.write("\n");
  }

  #draw(): void {
    this.#drawnMs = performance.now();
    const text = `${count(this.#done)} of ${count(this.#total)} flights stored`;
    if (!this.#terminal) return say(`  ${text}`);
    const full = Math.floor((this.#done / this.#total) * WIDTH);
    process.stdout.write(`\r  ${green("█".repeat(full))}${dim("░".repeat(WIDTH - full))} ${text}`);
  }
}

function quarter(done: number, total: number): number {
  return Math.floor((4 * done) / total);
}
