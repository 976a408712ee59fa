import type { Millrace } from "../../sdk/index.ts";
import type { Engine } from "../engine/engine.ts";
import { ALERTS_TOPIC, storedRecords } from "./topics.ts";

export interface AirportTotal {
  readonly airport: string;
  readonly flights: number;
  /** Minutes. */
  readonly mean_delay: number;
  /** Share of flights more than 15 minutes late, 0 … 1. */
  readonly late_share: number;
}

export interface Results {
  readonly topAirports: readonly AirportTotal[];
  /** Rows of the D1 table. */
  readonly hours: number;
  readonly alerts: number;
  readonly files: number;
  /** Name of one of them. */
  readonly file: string;
}

/** What the two pipelines have made, read from where they put it. */
export async function readResults(client: Millrace, engine: Engine): Promise<Results> {
  const alerts = await storedRecords(client, ALERTS_TOPIC);
  return { alerts, ...(await airportHours(engine)), ...(await archived(engine)) };
}

async function airportHours(engine: Engine): Promise<Pick<Results, "topAirports" | "hours">> {
  const database = await engine.d1();
  const { results: topAirports } = await database
    .prepare(
      `SELECT airport, SUM(flights) AS flights, SUM(mean_delay * flights) / SUM(flights) AS mean_delay,
              SUM(late_share * flights) / SUM(flights) AS late_share
       FROM airport_hours GROUP BY airport ORDER BY SUM(flights) DESC LIMIT 5`,
    )
    .all<AirportTotal>();
  const hours = await database.prepare("SELECT COUNT(*) AS hours FROM airport_hours").first<number>("hours");
  return { topAirports, hours: hours ?? 0 };
}

/** Looks at one object only: from Node.js every field of one is a request of 3 ms. */
async function archived(engine: Engine): Promise<Pick<Results, "files" | "file">> {
  const bucket = await engine.r2();
  let page = await bucket.list({ prefix: "flights/" });
  const file = page.objects[0]?.key ?? "";
  let files = page.objects.length;
  while (page.truncated) {
    page = await bucket.list({ prefix: "flights/", cursor: page.cursor });
    files += page.objects.length;
  }
  return { files, file };
}
