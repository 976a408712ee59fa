// Whether the page may ask the server at all: not while it is hidden, paused or without the token it needs. A page that
// nobody looks at must cost nothing.

export class Gate {
  #controller = new AbortController();
  #open = false;
  /** @type {Set<() => void>} */
  #waiting = new Set();

  get open() {
    return this.#open;
  }

  /** Aborted when the gate closes: a long poll must not be held for a page that is not seen. */
  get signal() {
    return this.#controller.signal;
  }

  /** @param {boolean} open */
  set(open) {
    if (open === this.#open) return;
    this.#open = open;
    if (open) this.#controller = new AbortController();
    else this.#controller.abort();
    this.wake();
  }

  /** Ends all pauses. */
  wake() {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Resolves when the gate is open. */
  async opened() {
    while (!this.#open) await new Promise((resolve) => this.#waiting.add(() => resolve(undefined)));
  }

  /**
   * Resolves after `ms`, or at once when the gate opens or closes, or on `wake`.
   * @param {number} ms
   */
  sleep(ms) {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve(undefined);
      };
      const timer = setTimeout(wake, ms);
      this.#waiting.add(wake);
    });
  }
}
