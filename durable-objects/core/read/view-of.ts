import type { PlanStore } from "../plan/stores.ts";
import type { StateStore } from "../store/state-store.ts";
import { KeyValueView } from "./key-value-view.ts";
import { MapView } from "./map-view.ts";
import { OrderedView } from "./ordered-view.ts";
import { SlotView } from "./slot-view.ts";
import type { View } from "./view.ts";

/** A store that readers may see (`viewKind` of it is known). */
export function viewOf(store: StateStore, { name, windows, view, result }: PlanStore): View {
  const parts = { store, name, result };
  if (view === "map") return new MapView(parts);
  if (view === "list" || view === "joinSide") return new OrderedView(parts, { kind: view });
  switch (windows?.kind) {
    case undefined:
      return new KeyValueView(parts);
    case "time":
    case "cumulative":
    case "unlimited":
      return new SlotView(parts, windows);
    case "sliding":
    case "session":
      return new OrderedView(parts, windows);
  }
}
