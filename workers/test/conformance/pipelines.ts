import { describe, expect, test } from "vitest";
import { pipelineDescription, pipelineList } from "../../../schema/wire/answer/pipeline.ts";
import { storeList } from "../../../schema/wire/answer/store.ts";
import { tableList, tableRows } from "../../../schema/wire/answer/table.ts";
import { call, shaped, type Target } from "../http.ts";
import { uniqueName } from "../names.ts";
import { refused } from "../refused.ts";

/** What holds for the pipelines of any deployment. */
export function pipelineConformance(target: Target): void {
  describe("pipelines", () => {
    test("the list and each description have their shapes [PIP-1, PIP-5, PLN-11]", async () => {
      const { pipelines } = shaped(await call(target, "GET /v1/pipelines"), pipelineList);
      for (const { name, sources } of pipelines) {
        const description = shaped(await call(target, `GET /v1/pipelines/${name}`), pipelineDescription);
        expect(description).toMatchObject({ name, sources });
        for (const node of description.topology.nodes) expect(description.topology.text).toContain(node.name);
        for (const { topic } of description.tasks) if (!topic.startsWith("__")) expect(sources).toContain(topic);
        const { stores } = shaped(await call(target, `GET /v1/pipelines/${name}/stores`), storeList);
        for (const store of stores) expect(store.name).not.toBe("");
        refused(await call(target, `GET /v1/pipelines/${name}/stores/${uniqueName("store")}?key=k`), "not_found");
        const reset = await call(target, `POST /v1/pipelines/${name}/reset`, {
          body: { from: "earliest", outputs: "drop" },
        });
        expect(refused(reset, "invalid_request").field).toBe("outputs");
      }
    });

    test("an unknown pipeline is not found, whatever is asked of it [PIP-1]", async () => {
      const path = `/v1/pipelines/${uniqueName("nowhere")}`;
      for (const line of [`GET ${path}`, `GET ${path}/stores`, `GET ${path}/stores/s?key=k`])
        refused(await call(target, line), "not_found");
      for (const action of ["pause", "resume", "run", "drain", "reset"]) {
        refused(await call(target, `POST ${path}/${action}`), "not_found");
      }
      refused(await call(target, `POST ${path}/drain`, { body: { timeoutMs: 5 } }), "invalid_request");
      for (const timeoutMs of ["0", "x", "120001"]) {
        refused(await call(target, `POST ${path}/drain?timeoutMs=${timeoutMs}`), "invalid_request");
      }
    });

    test("the list of tables, their rows, and tables that are not there [TAB-1, TAB-2]", async () => {
      const { tables } = shaped(await call(target, "GET /v1/tables"), tableList);
      for (const { table, columns } of tables) {
        const page = shaped(await call(target, `GET /v1/tables/${table}?limit=1`), tableRows);
        expect(page.columns).toEqual(columns);
        expect(page.rows.length).toBeLessThanOrEqual(1);
        const injected = await call(
          target,
          `GET /v1/tables/${table}?orderBy=${encodeURIComponent('1; DROP TABLE "x"')}`,
        );
        expect(refused(injected, "invalid_request").field).toBe("orderBy");
        refused(await call(target, `GET /v1/tables/${table}?limit=1001`), "invalid_request");
        refused(await call(target, `GET /v1/tables/${table}?order=up`), "invalid_request");
      }
      for (const name of ["sqlite_master", "millrace_progress", uniqueName("t")]) {
        refused(await call(target, `GET /v1/tables/${name}`), "not_found");
      }
    });
  });
}
