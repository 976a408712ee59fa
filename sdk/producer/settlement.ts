import type { StreamError } from "../stream-error.ts";
import type { RecordMetadata } from "./record-to-send.ts";

/** Told once how a record ended. */
export interface Settlement {
  stored(partition: number, offset: number): void;
  failed(error: StreamError): void;
}

const ignore = () => {};

/** The promise of one record. */
export class RecordPromise implements Settlement {
  readonly promise: Promise<RecordMetadata>;
  #resolve!: (metadata: RecordMetadata) => void;
  #reject!: (error: StreamError) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  stored(partition: number, offset: number): void {
    this.#resolve({ partition, offset });
  }

  failed(error: StreamError): void {
    // `flush` and `close` report it too (SDK-14), so a promise nobody looks at must not end the process.
    this.promise.catch(ignore);
    this.#reject(error);
  }
}

/** The records of one `sendAll`. */
export class Tally implements Settlement {
  records = 0;
  firstFailure: StreamError | undefined;
  #open = 0;
  #whenDone: (() => void) | undefined;

  add(): void {
    this.records += 1;
    this.#open += 1;
  }

  stored(): void {
    this.#end();
  }

  failed(error: StreamError): void {
    this.firstFailure ??= error;
    this.#end();
  }

  /** Resolves when every record added has ended. Called once, after the last. */
  done(): Promise<void> {
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenDone = resolve;
    });
  }

  #end(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#whenDone?.();
  }
}
