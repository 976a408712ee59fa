import type { Fetch } from "../../sdk/index.ts";

/** Requests of a producer, kept to be sent again. */
export type Bodies = { readonly url: string; readonly init: RequestInit }[];

/** As many as the SDK has under way for a partition. */
const IN_FLIGHT = 5;

/** The platform's fetch, which keeps every produce request in `bodies`. */
export function capturing(bodies: Bodies): Fetch {
  return (url, init) => {
    if (url.includes("/records?")) bodies.push({ url, init: { method: "POST", body: init.body ?? null } });
    return fetch(url, init);
  };
}

/** Sends them again in the order and number in flight of the SDK, without the SDK. */
export async function sendBodies(bodies: Bodies): Promise<void> {
  const partitions = new Set(bodies.map(({ url }) => url));
  const lanes = [...partitions].flatMap((partition) => {
    const queue = bodies.filter(({ url }) => url === partition).values();
    return Array.from({ length: IN_FLIGHT }, () => drainLane(queue));
  });
  await Promise.all(lanes);
}

async function drainLane(queue: Iterable<Bodies[number]>): Promise<void> {
  for (const { url, init } of queue) await (await fetch(url, init)).arrayBuffer();
}
