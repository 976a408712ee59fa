/**
 * Moments at which an object may end with something half done, in the order of a record's way. Tests end it at each of
 * them (FLT-2); a deployed object has nobody who listens.
 */
export const STEPS = [
  /** A batch is in the log, its transaction still open; */
  "append:stored",
  /** then over, and nobody has been told. */
  "append:committed",
  /** The same with rows of another task's outbox. */
  "take:stored",
  "take:committed",
  /** What must be known of a slice if the object ends in it is written, but not yet durable: its guard, its boundary; */
  "process:announced",
  /** then it is, and the slice begins. */
  "process:begun",
  /** The operators have run; nothing of it is written. */
  "process:folded",
  /** What the slice sends is in the outbox, */
  "commit:sent",
  /** then state, progress and position are written too, */
  "commit:written",
  /** then the transaction is over, */
  "commit:committed",
  /** then durable. */
  "commit:durable",
  /** Which rows make a file has been written. */
  "deliver:decided",
  /** Rows are about to leave, */
  "deliver:begun",
  /** are on their way, */
  "deliver:sent",
  /** have arrived, of which nothing is written here; */
  "deliver:answered",
  /** are taken from the outbox, that transaction still open, */
  "deliver:confirming",
  /** then over. */
  "deliver:confirmed",
] as const;

export type Step = (typeof STEPS)[number];

/** Called at each step of an object, inside a transaction where it says so. */
export type OnStep = (step: Step) => void;
