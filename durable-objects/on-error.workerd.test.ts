import { env as bindings } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { hooks } from "../pipelines/test/hooks.ts";
import type { Env } from "./env.ts";
import { batchOf, catalog, createTopic, partition, readAll } from "./test/client.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;

async function topicsOf(name: string): Promise<{ input: string; out: string; letters: string }> {
  const out = await createTopic(env, `${name}-out`);
  const input = await createTopic(env, `${name}-in`);
  const letters = await catalog(env).topic({ topic: `${name}.dead-letters` });
  return { input, out, letters: letters.ok ? letters.identity.topicId : "" };
}

async function append(id: string, ...numbers: readonly number[]): Promise<void> {
  const batch = batchOf(numbers.map((n) => ({ key: n % 2 === 0 ? "even" : "odd", value: { n } })));
  const answer = await partition(env, id).append({ batch, largestRecordBytes: 100 });
  if (!answer.ok) throw new Error(answer.message);
}

async function numbersIn(id: string): Promise<number[]> {
  return (await readAll(partition(env, id))).map(({ value }) => (value as { n: number }).n);
}

async function eventually(id: string, numbers: readonly number[]): Promise<void> {
  await vi.waitFor(async () => expect(await numbersIn(id)).toEqual(numbers), { timeout: 15_000, interval: 50 });
}

/** Throws on a number as often as it says. */
function throwOn(number: number, times: number): void {
  let left = times;
  hooks.onValue = (value) => {
    if ((value as { n: number }).n === number && left-- > 0) throw new Error(`no ${number}`);
  };
}

afterEach(() => {
  hooks.onValue = () => undefined;
});

test.each(["failing", "failing-batches"])(
  "%s stops in front of the record, and a resume goes on from there [ERR-2]",
  async (name) => {
    const { input, out, letters } = await topicsOf(name);
    throwOn(3, 1);
    await append(input, 1, 2, 3, 4);
    await vi.waitFor(
      async () => {
        const answer = await partition(env, input).tasks({ pipeline: name });
        expect(answer).toMatchObject({ tasks: [{ state: "failed", error: "peek-1 at offset 2: no 3" }] });
      },
      { timeout: 15_000 },
    );
    await evict(partition(env, input));
    await append(input, 5);
    await partition(env, input).resume({ pipeline: name });
    await eventually(out, [1, 2, 3, 4, 5]);
    expect(await numbersIn(letters)).toEqual([]);
    const count = await partition(env, input).readStore({
      pipeline: name,
      store: "counts",
      query: { kind: "key", key: "odd" },
      waitMs: 0,
    });
    expect(count).toMatchObject({ rows: [{ value: "3" }] });
  },
);

test.each(["retrying", "retrying-batches"])(
  "%s tries again, and gives up after so many times [ERR-3]",
  async (name) => {
    const { input, out, letters } = await topicsOf(name);
    throwOn(2, 3);
    await append(input, 1, 2, 3);
    await eventually(out, [1, 2, 3]);
    throwOn(5, 4);
    await append(input, 4, 5, 6);
    await eventually(out, [1, 2, 3, 4, 6]);
    await eventually(letters, [5]);
    const answer = await partition(env, input).tasks({ pipeline: name });
    expect(answer).toMatchObject({ tasks: [{ state: "running", lag: 0, deadLetters: 1, recordsIn: 6 }] });
  },
);

test("several records of one micro-batch are given up one after another, and the others pass [ERR-3]", async () => {
  const { input, out, letters } = await topicsOf("retrying-batches");
  const before = { passed: await numbersIn(out), dead: await numbersIn(letters) };
  hooks.onValue = (value) => {
    const { n } = value as { n: number };
    if (n === 12 || n === 14) throw new Error(`no ${n}`);
  };
  await append(input, 11, 12, 13, 14, 15);
  await eventually(out, [...before.passed, 11, 13, 15]);
  await eventually(letters, [...before.dead, 12, 14]);
});

test("parking sends what follows in the key after the record that failed, over a restart [ERR-4]", async () => {
  const { input, out, letters } = await topicsOf("parking");
  throwOn(3, 1);
  await append(input, 1, 2, 3, 4, 5);
  await eventually(letters, [3, 5]);
  await evict(partition(env, input));
  await append(input, 6, 7);
  await eventually(letters, [3, 5, 7]);
  expect(await numbersIn(out)).toEqual([1, 2, 4, 6]);
});
