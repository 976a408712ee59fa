import { evictDurableObject } from "cloudflare:test";

/** Ends what an object has in memory. One that the platform has ended by itself, after ten idle seconds, is as good. */
export async function evict(stub: Parameters<typeof evictDurableObject>[0]): Promise<void> {
  try {
    await evictDurableObject(stub);
  } catch (error) {
    if (!String(error).includes("not currently running")) throw error;
  }
}
