// The pipelines of this deployment: `npm run deploy` ships what is listed here. Several versions of a name may be listed.
import type { Pipeline } from "../sdk/streams/index.ts";
import { airportHours } from "./airport-hours.ts";
import { delayAlerts } from "./delay-alerts.ts";

export const pipelines: readonly Pipeline[] = [delayAlerts, airportHours];
