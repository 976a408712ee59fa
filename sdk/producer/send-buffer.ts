/** Counts what has been taken from the caller and not ended, and wakes those that wait for room. */
export class SendBuffer {
  readonly #limitBytes: number;
  #bytes = 0;
  #room: PromiseWithResolvers | undefined;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get full(): boolean {
    return this.#bytes >= this.#limitBytes;
  }

  /** Above twice the limit: the caller does not wait. */
  get overrun(): boolean {
    return this.#bytes >= 2 * this.#limitBytes;
  }

  take(bytes: number): void {
    this.#bytes += bytes;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
    if (this.full || this.#room === undefined) return;
    this.#room.resolve();
    this.#room = undefined;
  }

  ready(): Promise<void> {
    if (!this.full) return Promise.resolve();
    this.#room ??= withResolvers();
    return this.#room.promise;
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

/** `Promise.withResolvers` is newer than Node.js 20. */
function withResolvers(): PromiseWithResolvers {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
