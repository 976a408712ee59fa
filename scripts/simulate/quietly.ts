import { format } from "node:util";

/** Runs the work with what it logs as errors, and promises that nobody minds, in a list instead of on the terminal. */
export async function quietly<T>(work: (errors: readonly string[]) => Promise<T>): Promise<T> {
  const errors: string[] = [];
  const { error } = console;
  const unhandled = (reason: unknown): void => void errors.push(format("unhandled rejection:", reason));
  console.error = (...parts: unknown[]): void => void errors.push(format(...parts));
  process.on("unhandledRejection", unhandled);
  try {
    return await work(errors);
  } finally {
    console.error = error;
    process.off("unhandledRejection", unhandled);
  }
}
