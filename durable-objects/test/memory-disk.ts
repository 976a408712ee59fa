import { MemoryStateStore } from "../core/store/memory-state-store.ts";
import type { Disk } from "./disk.ts";

export function memoryDisk(): Disk {
  const store = new MemoryStateStore();
  return { open: () => store, transaction: (work) => store.transaction(work) };
}
