/** Breaks the engine on purpose, so that tests see the checks find it (SIM-9). */
export interface Sabotage {
  /** Statements that are left out. */
  readonly skips?: ((query: string) => boolean) | undefined;
  /** Calls leave before what was written is durable. */
  readonly leaky?: boolean | undefined;
}

export const NO_SABOTAGE: Sabotage = {};
