import { logStoreContract } from "../../test/log-store-contract.ts";
import { MemoryLogStore } from "./memory-log-store.ts";

logStoreContract((body) => body(new MemoryLogStore()));
