import type { StreamJoinNode } from "../../../schema/plan.ts";

/** Names of the stores of a stream join, by side: its records, and where it is kept those that have not matched yet. */
export interface JoinStores {
  readonly rows: readonly [left: string, right: string];
  readonly unmatched: readonly [left: string | undefined, right: string | undefined];
}

export function joinStores({ store: { name }, join, unmatched }: StreamJoinNode): JoinStores {
  const waits = unmatched !== "eager";
  return {
    rows: [`${name}.left`, `${name}.right`],
    unmatched: [
      waits && (join === "left" || join === "outer") ? `${name}.left.unmatched` : undefined,
      waits && join === "outer" ? `${name}.right.unmatched` : undefined,
    ],
  };
}
