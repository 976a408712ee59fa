import type { Plans } from "./plans.ts";
import type { OnStep } from "./partition/steps.ts";
import type { WallClock } from "./wall-clock.ts";

/** What an object is given besides what the platform gives it. */
export interface Host {
  readonly plans: Plans;
  /** The platform's own unless given. */
  readonly clock?: WallClock | undefined;
  /** Tests and the simulation alone listen. */
  readonly onStep?: OnStep | undefined;
}
