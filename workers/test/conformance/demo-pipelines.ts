import { beforeAll, describe, expect, test } from "vitest";
import { pipelineAction, pipelineDescription, pipelineStateAnswer } from "../../../schema/wire/answer/pipeline.ts";
import { produceAnswer } from "../../../schema/wire/answer/produce.ts";
import { storePage, storeValue, storeWindows } from "../../../schema/wire/answer/store.ts";
import { tableRows } from "../../../schema/wire/answer/table.ts";
import { call, shaped, type Target } from "../http.ts";
import { uniqueName } from "../names.ts";
import { refused } from "../refused.ts";

const HOUR = 3_600_000;
const STATS = "/v1/pipelines/delay-alerts/stores/airport-stats";
const HOURS = "/v1/pipelines/airport-hours/stores/airport-hours";

/** Pipelines `delay-alerts` and `airport-hours` over topics `flights` and `delay-alerts`. */
export function demoPipelineConformance(target: Target): void {
  // Hours 8 and 9 alone: a flight of hour 10 would make those of hour 8 late, one hour of grace after theirs.
  const flight = (origin: string, hour: number, delay: number) => {
    const value = {
      date: `2001/01/10 ${String(hour).padStart(2, "0")}:00`,
      delay,
      distance: 100,
      origin,
      destination: "ATL",
    };
    return { key: origin, value, timestamp: Date.UTC(2001, 0, 10, hour) };
  };
  const send = async (records: readonly object[]) =>
    shaped(await call(target, "POST /v1/topics/flights/records", { body: { records } }), produceAnswer).offsets;
  const drain = async (name: string) => shaped(await call(target, `POST /v1/pipelines/${name}/drain`), pipelineAction);

  describe("over flights", () => {
    beforeAll(async () => {
      for (const topic of ["flights", "delay-alerts"]) {
        const reply = await call(target, `PUT /v1/topics/${topic}`, {
          body: { partitions: 4, config: { retentionMs: -1 } },
        });
        expect([200, 201, 409]).toContain(reply.status);
      }
    });

    test("both run, with one task for each partition of their source [PIP-1]", async () => {
      for (const name of ["delay-alerts", "airport-hours"]) {
        const { state, tasks } = shaped(await call(target, `GET /v1/pipelines/${name}`), pipelineDescription);
        expect(state).toBe("running");
        expect(tasks.map(({ topic, partition }) => `${topic}/${partition}`)).toEqual(
          tasks.map((_, index) => `flights/${index}`),
        );
      }
    });

    test("after a drain, state holds every record: by key, at least up to an offset [PIP-4, STR-1, STR-4]", async () => {
      const airport = uniqueName("A");
      const [at] = (await send([flight(airport, 8, 5), flight(airport, 9, 15)])).slice(-1);
      expect((await drain("delay-alerts")).tasks).toBeGreaterThan(0);
      const read = `GET ${STATS}?key=${airport}`;
      const value = shaped(await call(target, read), storeValue);
      expect(value).toMatchObject({
        key: airport,
        value: { flights: 2, mean: 10 },
        topic: "flights",
        partition: at?.partition,
      });
      expect(value.offset).toBeGreaterThan(at?.offset ?? -1);
      const [next] = await send([flight(airport, 9, 25)]);
      const fresh = `${read}&partition=${next?.partition}&minOffset=${(next?.offset ?? 0) + 1}`;
      expect(shaped(await call(target, fresh), storeValue)).toMatchObject({ value: { flights: 3, mean: 15 } });
      const future = `${read}&minOffset=${(next?.offset ?? 0) + 1_000_000}&waitMs=50`;
      refused(await call(target, future), "timed_out");
      refused(await call(target, `GET ${STATS}?key=${uniqueName("no")}`), "not_found");
    });

    test("windows of a key, page by page, and their rows in D1 [PIP-4, STR-1, STR-2, STR-5, TAB-1, TAB-2]", async () => {
      const airport = uniqueName("W");
      await send([flight(airport, 8, 30), flight(airport, 8, 10), flight(airport, 9, 0)]);
      await drain("airport-hours");
      const start = Date.UTC(2001, 0, 10, 8);
      const windows = async (query: string) =>
        shaped(await call(target, `GET ${HOURS}?key=${airport}${query}`), storeWindows).windows;
      const eight = { key: airport, start, end: start + HOUR, value: { flights: 2, delay: 40, maxDelay: 30, late: 1 } };
      expect(await windows("")).toEqual([eight, expect.objectContaining({ start: start + HOUR })]);
      expect(await windows(`&from=${start}&to=${start + HOUR}`)).toEqual([eight]);
      expect(await windows(`&from=${start + 1}&to=${start + HOUR}`)).toEqual([]);
      const first = shaped(await call(target, `GET ${HOURS}?key=${airport}&limit=1`), storeWindows);
      expect(first).toMatchObject({ windows: [eight], cursor: expect.any(String) });
      const rest = `&from=${start}&to=${start + 2 * HOUR}&cursor=${first.cursor}`;
      expect((await windows(rest)).map((row) => row.start)).toEqual([start + HOUR]);
      expect(await windows(`&to=${start + HOUR}&cursor=${first.cursor}`)).toEqual([]);
      for (const query of [
        `key=${airport}&from=2&to=1`,
        `key=${uniqueName("X")}&cursor=${first.cursor}`,
        `key=${airport}&partition=${(first.partition + 1) % 4}&cursor=${first.cursor}`,
        `cursor=${first.cursor}`,
      ]) {
        refused(await call(target, `GET ${HOURS}?${query}`), "invalid_request");
      }
      const { columns, rows } = shaped(
        await call(target, "GET /v1/tables/airport_hours?orderBy=airport&order=desc&limit=1000"),
        tableRows,
      );
      expect(columns).toContain("mean_delay");
      const ours = rows
        .filter((row) => row["airport"] === airport)
        .sort((a, b) => Number(a["window_start"]) - Number(b["window_start"]));
      expect(ours.map((row) => [row["window_start"], row["mean_delay"]])).toEqual([
        [start, 20],
        [start + HOUR, 0],
      ]);
    });

    test("pages of all keys give each once; parameters that do not go together are refused [STR-2, STR-3]", async () => {
      const airports = Array.from({ length: 15 }, () => uniqueName("P"));
      await send(airports.map((airport) => flight(airport, 8, 1)));
      await drain("delay-alerts");
      const keys: string[] = [];
      for (let cursor = ""; ;) {
        const page = shaped(await call(target, `GET ${STATS}?limit=7${cursor}`), storePage);
        expect(page.entries?.length).toBeLessThanOrEqual(7);
        keys.push(...(page.entries ?? []).map(({ key }) => key));
        if (page.cursor === undefined) break;
        cursor = `&cursor=${page.cursor}`;
      }
      expect(new Set(keys).size).toBe(keys.length);
      for (const airport of airports) expect(keys).toContain(airport);
      expect(shaped(await call(target, `GET ${HOURS}?limit=3`), storePage).windows).toBeDefined();
      for (const query of [
        "key=a&from=0&to=1",
        "from=0&to=1",
        "key=a&cursor=x",
        "cursor=x",
        "key=a&limit=1",
        "minOffset=0",
      ]) {
        refused(await call(target, `GET ${STATS}?${query}`), "invalid_request");
      }
      const { cursor, entries } = shaped(await call(target, `GET ${STATS}?limit=1`), storePage);
      const first = shaped(await call(target, `GET ${STATS}?key=${entries?.[0]?.key}`), storeValue);
      const another = `partition=${(first.partition + 1) % 4}&cursor=${cursor}`;
      expect(refused(await call(target, `GET ${STATS}?${another}`), "invalid_request").field).toBe("partition");
      for (const query of ["key=a&partition=999", "partition=999"]) {
        refused(await call(target, `GET ${STATS}?${query}`), "unknown_partition");
      }
    });

    test("a key whose records were placed elsewhere is read there by its partition [STR-1]", async () => {
      const airport = uniqueName("E");
      const [placed] = await send([flight(airport, 8, 5)]);
      const elsewhere = ((placed?.partition ?? 0) + 1) % 4;
      await send([{ ...flight(airport, 8, 25), partition: elsewhere }]);
      await drain("delay-alerts");
      const read = async (query: string) =>
        shaped(await call(target, `GET ${STATS}?key=${airport}${query}`), storeValue).value;
      expect(await read("")).toMatchObject({ mean: 5 });
      expect(await read(`&partition=${placed?.partition}`)).toMatchObject({ mean: 5 });
      expect(await read(`&partition=${elsewhere}`)).toMatchObject({ mean: 25 });
    });

    test("a paused pipeline stands still and cannot be drained; resumed it goes on [PIP-2, PIP-3, PIP-5]", async () => {
      const airport = uniqueName("S");
      const path = "/v1/pipelines/delay-alerts";
      expect(shaped(await call(target, `POST ${path}/pause`), pipelineStateAnswer).state).toBe("paused");
      const [at] = await send([flight(airport, 8, 5)]);
      refused(await call(target, `POST ${path}/drain`), "pipeline_paused");
      refused(await call(target, `POST ${path}/run`), "pipeline_paused");
      const reset = await call(target, `POST ${path}/reset`, { body: { from: "earliest", outputs: "drop" } });
      expect(refused(reset, "invalid_request").field).toBe("outputs");
      expect(shaped(await call(target, `GET ${path}`), pipelineDescription).state).toBe("paused");
      refused(await call(target, `GET ${STATS}?key=${airport}`), "not_found");
      expect(shaped(await call(target, `POST ${path}/resume`), pipelineStateAnswer).state).toBe("running");
      const fresh = `GET ${STATS}?key=${airport}&minOffset=${(at?.offset ?? 0) + 1}`;
      expect(shaped(await call(target, fresh), storeValue)).toMatchObject({ value: { flights: 1 } });
    });

    test("a topic that a pipeline reads cannot be deleted [TOP-5]", async () => {
      refused(await call(target, "DELETE /v1/topics/flights"), "topic_in_use");
    });
  });
}
