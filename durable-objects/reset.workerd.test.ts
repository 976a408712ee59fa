import { runInDurableObject } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { PipelineClient } from "../workers/test/pipeline-client.ts";
import { CATALOG_NAME, type Env } from "./env.ts";
import { D1Sink } from "./sink/d1-sink.ts";
import { batchOf, catalog, createTopic, partition, readAll } from "./test/client.ts";
import { faults } from "./test/objects.ts";

const env = bindings as unknown as Env;

async function append(id: string, ...numbers: readonly number[]): Promise<void> {
  const batch = batchOf(numbers.map((n) => ({ key: `${n}`, value: { n } })));
  const answer = await partition(env, id).append({ batch, largestRecordBytes: 100 });
  if (!answer.ok) throw new Error(answer.message);
}

/** By key, in order. */
async function sent(id: string, key: string): Promise<unknown[]> {
  const records = await readAll(partition(env, id));
  return records.filter((record) => record.key === key).map(({ value }) => value);
}

test("a reset begins anew from where it is told, and what was sent stays [CAT-20, PIP-20]", async () => {
  const out = await createTopic(env, "resettable-out");
  const input = await createTopic(env, "resettable-in");
  await append(input, 1, 2, 3);
  const odd = async (values: readonly number[]): Promise<void> => {
    await vi.waitFor(async () => expect(await sent(out, "odd")).toEqual(values), { timeout: 20_000, interval: 50 });
  };
  await odd([1, 2]);
  const before = await catalog(env).pipeline({ name: "resettable" });
  const reset = await catalog(env).resetPipeline({ name: "resettable", from: "earliest" });
  expect(reset).toMatchObject({ ok: true, starts: [{ topic: "resettable-in", partition: 0, offset: 0 }] });
  expect(before.ok && reset.ok && reset.incarnation > before.pipeline.incarnation).toBe(true);
  await odd([1, 2, 1, 2]);
  await append(input, 5);
  await odd([1, 2, 1, 2, 3]);
  const latest = await catalog(env).resetPipeline({ name: "resettable", from: "latest" });
  expect(latest).toMatchObject({ ok: true, starts: [{ offset: 4 }] });
  await append(input, 7);
  await odd([1, 2, 1, 2, 3, 1]);
  expect(await catalog(env).resetPipeline({ name: "nowhere", from: "latest" })).toMatchObject({ code: "not_found" });
});

describe("a reset that deletes outputs", { timeout: 120_000 }, () => {
  const erase = (from: "earliest" | "latest" = "earliest") =>
    catalog(env).resetPipeline({ name: "emptied", from, outputs: "delete" });
  const client = new PipelineClient(env, "emptied");

  afterEach(() => {
    faults.before = () => undefined;
    faults.after = () => undefined;
  });

  async function drained(): Promise<void> {
    client.forget();
    await vi.waitFor(async () => expect(await client.drain()).toMatchObject({ ok: true }), { timeout: 30_000 });
  }

  async function rows(): Promise<unknown[]> {
    return (await env.DB.prepare("SELECT id, count FROM emptied ORDER BY id").all()).results;
  }

  async function files(): Promise<{ keys: string[]; lines: string[] }> {
    const { objects } = await env.LAKE.list({ prefix: "emptied/files/" });
    const keys = objects.map(({ key }) => key);
    const texts = await Promise.all(keys.map(async (key) => (await (await env.LAKE.get(key))?.text()) ?? ""));
    return { keys, lines: texts.flatMap((text) => text.trimEnd().split("\n")).toSorted() };
  }

  async function live(): Promise<unknown> {
    return (await env.LAKE.get("emptied/files.manifest.json"))?.json();
  }

  test("empties tables and the files of former incarnations, and nothing else [CAT-21, CAT-22]", async () => {
    const input = await createTopic(env, "emptied-in");
    await append(input, 1, 2, 2);
    await drained();
    await env.LAKE.put("emptied/files/notes.txt", "mine");
    const first = await client.record();
    expect(await live()).toEqual({ pipeline: "emptied", version: 1, incarnations: [first.incarnation] });
    // A row of a former life that nothing brings again, and one of nobody's.
    await env.DB.prepare("INSERT INTO emptied VALUES ('9', 9)").run();
    const reset = await erase();
    expect(reset).toMatchObject({ ok: true });
    await drained();
    expect(await rows()).toEqual([
      { id: "1", count: 1 },
      { id: "2", count: 2 },
    ]);
    const { keys, lines } = await files();
    expect(lines).toEqual(["mine", '{"n":1}', '{"n":2}', '{"n":2}']);
    const incarnation = reset.ok ? reset.incarnation : 0;
    expect(keys.filter((key) => !key.endsWith("notes.txt")).every((key) => key.includes(`/${incarnation}-`))).toBe(
      true,
    );
    expect(await live()).toMatchObject({ incarnations: [incarnation] });
    const latest = await catalog(env).resetPipeline({ name: "emptied", from: "latest" });
    expect(await live()).toMatchObject({ incarnations: [incarnation, latest.ok ? latest.incarnation : 0] });
    await env.LAKE.delete("emptied/files/notes.txt");
  });

  test("does not wait for what the former one cannot deliver, nor lets it come later [CAT-21]", async () => {
    const { topicId = "" } = (await client.record()).inputs.find(({ input }) => input === "emptied-in") ?? {};
    await env.DB.prepare("ALTER TABLE emptied RENAME COLUMN count TO elsewhere").run();
    await append(topicId, 3);
    expect(await client.drain(300)).toMatchObject({ code: "timed_out" });
    expect(await erase("latest")).toMatchObject({ ok: true });
    await env.DB.prepare("ALTER TABLE emptied RENAME COLUMN elsewhere TO count").run();
    await drained();
    expect(await rows()).toEqual([]);
    await append(topicId, 4);
    await drained();
    // A first batch of a task of which D1 has never heard.
    const { incarnation } = await client.record();
    const sink = new D1Sink(env.DB, {
      kind: "d1",
      table: "emptied",
      columns: { id: "TEXT", count: "INTEGER" },
      primaryKey: ["id"],
    });
    const row = { sequence: 1, records: 1, body: new Uint8Array(new TextEncoder().encode('["7",7]')) };
    const late = (of: number) =>
      sink.deliver({
        source: `emptied/${of}/elsewhere/0`,
        incarnation: of,
        code: { version: 1, hash: "" },
        taskName: "elsewhere.0",
        target: "d1:emptied",
        rows: [row],
      });
    expect(await late(incarnation - 1)).toMatchObject({ kind: "stop" });
    expect(await rows()).toEqual([{ id: "4", count: 1 }]);
    expect(await late(incarnation)).toMatchObject({ kind: "delivered" });
  });

  test("interrupted before or after any call is finished under its incarnation [CAT-21]", async () => {
    for (let call = 0; call < 14; call++) {
      let left = call >> 1;
      faults[call % 2 === 0 ? "before" : "after"] = (what, object) => {
        if (what !== "deliver" && object.includes("emptied") && left-- === 0) throw new Error("the object is gone");
      };
      const reset = await erase().catch(() => undefined);
      faults.before = faults.after = () => undefined;
      const begun = await client.record();
      await env.DB.prepare("INSERT OR REPLACE INTO emptied VALUES ('8', 8)").run();
      if (begun.state === "running") await erase();
      else await vi.waitFor(async () => expect(await catalog(env).reconcile({})).toEqual({ ok: true }));
      expect((await client.record()).state).toBe("running");
      if (begun.state !== "running") expect((await client.record()).incarnation).toBe(begun.incarnation);
      expect({ call, reset: reset?.ok ?? false }).toEqual({ call, reset: begun.state === "running" });
      await drained();
      const found = (await rows()) as { id: string; count: number }[];
      // A row that came when the table had been emptied already is the test's own.
      const ours = found.filter(({ id }) => id !== "8");
      expect({ call, ours }).toEqual({
        call,
        ours: [
          { id: "1", count: 1 },
          { id: "2", count: 2 },
          { id: "3", count: 1 },
          { id: "4", count: 1 },
        ],
      });
      const incarnation = (await client.record()).incarnation;
      expect((await files()).keys.every((key) => key.includes(`/${incarnation}-`))).toBe(true);
    }
  });

  test("goes on behind the files that it has looked at, in the next attempt [CAT-24]", async () => {
    faults.before = (what, object) => {
      if (what === "retire" && object.includes("emptied")) throw new Error("the object is gone");
    };
    await erase().catch(() => undefined);
    faults.before = () => undefined;
    const { state, incarnation } = await client.record();
    expect(state).toBe("bootstrapping");
    const [seen, behind] = ["emptied/files/a/1-in.0-1-2.ndjson", "emptied/files/z/1-in.0-1-2.ndjson"];
    for (const key of [seen, behind]) await env.LAKE.put(key, "{}");
    const place = JSON.stringify({ "emptied/files": "emptied/files/b" });
    const inCatalog = (query: string, ...values: readonly string[]): Promise<unknown[]> =>
      runInDurableObject(env.CATALOG.getByName(CATALOG_NAME), (_, { storage }) =>
        storage.sql.exec(query, ...values).toArray(),
      );
    await inCatalog("UPDATE pipeline SET erased_to = ? WHERE name = 'emptied'", place);
    await vi.waitFor(async () => expect(await catalog(env).reconcile({})).toEqual({ ok: true }));
    expect(await client.record()).toMatchObject({ state: "running", incarnation });
    expect(await env.LAKE.head(behind)).toBeNull();
    expect(await env.LAKE.head(seen)).not.toBeNull();
    // The next reset begins at the beginning.
    expect(await inCatalog("SELECT erased_to FROM pipeline WHERE name = 'emptied'")).toEqual([{ erased_to: null }]);
    expect(await erase()).toMatchObject({ ok: true });
    expect(await env.LAKE.head(seen)).toBeNull();
  });
});
