import { describe, expect, test } from "vitest";
import { health } from "../../../schema/wire/answer/health.ts";
import { call, shaped, type Target } from "../http.ts";
import { uniqueName } from "../names.ts";
import { refused } from "../refused.ts";
import { newTopic } from "../topic-of.ts";

export function edgeConformance(target: Target): void {
  describe("edge", () => {
    test("health answers without a token [AUT-1]", async () => {
      const reply = await target.fetch(`${target.baseUrl}/healthz`);
      expect(reply.status).toBe(200);
      expect(health.parse(await reply.json())).toMatchObject({ status: "ok" });
      shaped(await call(target, "GET /healthz"), health);
    });

    test("an unknown path and a wrong method are problems [HTTP-5]", async () => {
      for (const path of [
        "/v1",
        "/v1/nothing",
        "/v1/groups/g",
        "/v1/topics/t/subscribe",
        "/v1/topics/t/partitions/0",
      ]) {
        refused(await call(target, `GET ${path}`), "not_found");
      }
      const wrong = await call(target, `POST /v1/topics/${uniqueName("t")}`, { body: {} });
      refused(wrong, "method_not_allowed");
      expect(wrong.headers.get("allow")).toBe("GET, PUT, PATCH, DELETE");
      const get = await call(target, "GET /v1/topics/t/records");
      refused(get, "method_not_allowed");
      expect(get.headers.get("allow")).toBe("POST");
    });

    test("an unknown or repeated query parameter is refused by name [HTTP-4]", async () => {
      const topic = await newTopic(target);
      const lines = [
        `GET /healthz?limit=1`,
        `GET /openapi.json?limit=1`,
        `POST /v1/pipelines/none/reset?limit=1`,
        `GET /v1/topics?limit=1`,
        `GET /v1/topics/${topic}/partitions/0/records?offset=0&limit=1`,
        `POST /v1/topics/${topic}/records?limit=1`,
        `DELETE /v1/topics/${topic}?limit=1`,
        `PUT /v1/topics/${topic}?limit=1`,
      ];
      for (const line of lines) expect(refused(await call(target, line), "invalid_request").field).toBe("limit");
      const twice = await call(target, `GET /v1/topics/${topic}/partitions/0/records?offset=0&offset=1`);
      expect(refused(twice, "invalid_request").field).toBe("offset");
      refused(await call(target, "GET /v1/topics?__proto__=1"), "invalid_request");
    });

    test("a body that is no JSON, no UTF-8 or of another type is refused [HTTP-3, HTTP-6]", async () => {
      const put = (body: string | Uint8Array<ArrayBuffer>, type = "application/json") =>
        call(target, `PUT /v1/topics/${uniqueName("t")}`, { body, headers: { "content-type": type } });
      refused(await put("{"), "invalid_request");
      refused(await put("[]"), "invalid_request");
      refused(await put("1"), "invalid_request");
      refused(await put(new Uint8Array([0x7b, 0xff, 0x7d])), "invalid_request");
      refused(await put("{}", "text/plain"), "unsupported_media_type");
      expect((await put("{}", "application/json; charset=utf-8")).status).toBe(201);
      refused(await put('{"__proto__": 1}'), "invalid_request");
    });

    test("a request that is refused before its body is read still gets the answer [HTTP-14]", async () => {
      const topic = await newTopic(target);
      const body = new Uint8Array(20 * 1024 * 1024);
      const post = (path: string, type: string) =>
        call(target, `POST ${path}`, { body, headers: { "content-type": type } });
      for (let round = 0; round < 3; round++) {
        refused(await post(`/v1/topics/${topic}/records`, "text/plain"), "unsupported_media_type");
        refused(await post(`/v1/topics/${topic}/records?x=1`, "application/json"), "invalid_request");
        refused(await post("/v1/nothing", "application/json"), "not_found");
      }
    });

    test("the document lists the routes with their shapes [HTTP-11]", async () => {
      const reply = await call(target, "GET /openapi.json");
      expect(reply.status).toBe(200);
      const document = JSON.parse(reply.text) as { openapi: string; paths: object; components: { schemas: object } };
      expect(document.openapi).toBe("3.1.0");
      expect(Object.keys(document.paths)).toContain("/v1/topics/{topic}/records");
      const references = [...reply.text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, id]) => id ?? "");
      expect(references.length).toBeGreaterThan(0);
      for (const id of references) expect(document.components.schemas).toHaveProperty(id);
    });
  });
}
