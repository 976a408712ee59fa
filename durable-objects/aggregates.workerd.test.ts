import { env as bindings } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Env } from "./env.ts";
import { batchOf, createTopic, partition, readAll } from "./test/client.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;

test("built-in aggregates keep their states on disk and answer results, through evictions [AGG-13, AGG-15]", async () => {
  const outId = await createTopic(env, "auctions-out");
  const topicId = await createTopic(env, "auctions-in");
  for (let n = 0; n < 6; n++) {
    const bid = { key: "a", value: { bidder: `bidder ${n % 2}`, price: n / 10 } };
    const answer = await partition(env, topicId).append({ batch: batchOf([bid]), largestRecordBytes: 100 });
    expect(answer.ok).toBe(true);
    if (n === 2) await evict(partition(env, topicId));
  }
  expect(await partition(env, topicId).drain({ pipeline: "auctions", timeoutMs: 10_000 })).toEqual({ ok: true });
  const results = {
    bids: 6,
    total: 1.5,
    prices: [0.4, 0.5],
    best: [{ bidder: "bidder 1", price: 0.5 }],
    bidders: 2,
    about: 2,
    median: expect.closeTo(0.2, 2),
  };
  const sent = await readAll(partition(env, outId));
  expect(sent).toHaveLength(6);
  expect(sent.at(-1)).toMatchObject({ key: "a", value: results });
  const read = await partition(env, topicId).readStore({
    pipeline: "auctions",
    store: "auctions",
    query: { kind: "key", key: "a" },
    waitMs: 0,
  });
  expect(read.ok && JSON.parse(read.rows[0]?.value ?? "")).toEqual(results);
});
