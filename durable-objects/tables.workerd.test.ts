import { env as bindings } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { BufferConfig, pipeline, untilTimeLimit } from "../sdk/streams/index.ts";
import { PipelineClient } from "../workers/test/pipeline-client.ts";
import type { Env } from "./env.ts";
import { batchOf, createTopic, partition, readAll } from "./test/client.ts";
import { bundle } from "./test/objects.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;
const TIMEOUT_MS = 60_000;

interface Order {
  readonly customer: string;
  readonly amount: number;
}

test("rows that move between groups, in another task, over evictions [TBL-5]", { timeout: TIMEOUT_MS }, async () => {
  const { plan } = pipeline("moving", ({ table }) =>
    table<Order>("moving-in", { store: "orders" })
      .filter(({ amount }) => amount > 0, { store: "open" })
      .groupBy(({ customer, amount }) => ({ key: customer, value: amount }))
      .reduce(
        (sum, amount) => sum + amount,
        (sum, amount) => sum - amount,
        { store: "sums" },
      )
      .to("moving-out"),
  );
  bundle.push(plan);
  const out = await createTopic(env, "moving-out");
  const input = await createTopic(env, "moving-in", 2);
  const client = new PipelineClient(env, "moving");
  const changes: readonly (readonly [id: string, customer: string, amount: number])[] = [
    ["1", "a", 5],
    ["2", "a", 7],
    ["3", "b", 1],
    ["1", "b", 5],
    ["2", "a", 0],
    ["4", "a", 2],
  ];
  for (const [key, customer, amount] of changes) {
    const number = Number(key) % 2;
    const batch = batchOf([{ key, value: { customer, amount } }]);
    expect(await partition(env, input, number).append({ batch, largestRecordBytes: 100 })).toMatchObject({ ok: true });
    await evict(partition(env, input, number));
  }
  await expect.poll(() => client.drain(), { timeout: 30_000 }).toMatchObject({ ok: true });
  const sums = (await readAll(partition(env, out))).map(({ key, value }) => [key, value] as const);
  expect(new Map(sums)).toEqual(
    new Map([
      ["a", 2],
      ["b", 6],
    ]),
  );
});

test("a full buffer that shuts down stops the task with its reason, the state before kept [SUP-3]", async () => {
  const strict = pipeline("full", ({ table }) =>
    table("full-in", { store: "rows" })
      .suppress(untilTimeLimit("1 hour", BufferConfig.maxRecords(2).shutDownWhenFull()))
      .to("full-out"),
  );
  bundle.push(strict.plan);
  await createTopic(env, "full-out");
  const input = await createTopic(env, "full-in");
  for (const key of ["a", "b", "c"]) {
    const answer = await partition(env, input).append({ batch: batchOf([{ key, value: 1 }]), largestRecordBytes: 100 });
    expect(answer).toMatchObject({ ok: true });
  }
  await vi.waitFor(
    async () => {
      const answer = await partition(env, input).tasks({ pipeline: "full" });
      const error = expect.stringMatching(/^the buffer of suppress-1 is full: 3 of 2 records/) as unknown;
      expect(answer).toMatchObject({ tasks: [{ state: "failed", error, recordsIn: expect.any(Number) as unknown }] });
    },
    { timeout: 15_000 },
  );
});
