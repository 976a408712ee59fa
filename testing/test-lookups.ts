import { lookupQuery, cellsOf, rowsFound } from "../durable-objects/core/lookup/d1-rows.ts";
import type { LookupAnswer, LookupCall } from "../durable-objects/core/operator/operator.ts";
import { jsonText } from "../durable-objects/core/store/state-value.ts";
import type { D1Lookup, FunctionLookup, LookupNode, Plan } from "../schema/plan.ts";

/** What stands in for a lookup: what it finds for a key, null or undefined for nothing. It may throw, as a call may fail. */
export type FakeLookup = (key: never) => unknown;

export interface TestLookupOptions {
  readonly lookups?: { readonly [node: string]: FakeLookup } | undefined;
  readonly env?: unknown;
}

interface Database {
  prepare(query: string): {
    bind(...parameters: unknown[]): { all(): Promise<{ results: { readonly [column: string]: unknown }[] }> };
  };
}

/** What a pipeline under test finds elsewhere: fakes at once, all else when somebody waits for it. */
export class TestLookups {
  readonly #nodes: readonly LookupNode[];
  readonly #fakes: ReadonlyMap<string, FakeLookup>;
  readonly #env: unknown;

  constructor(plan: Plan, { lookups = {}, env }: TestLookupOptions) {
    this.#nodes = plan.nodes.filter((node) => node.kind === "lookup");
    this.#fakes = new Map(Object.entries(lookups));
    this.#env = env;
    const names = this.#nodes.map(({ name }) => name);
    const unknown = [...this.#fakes.keys()].find((name) => !names.includes(name));
    if (unknown === undefined) return;
    const known = names.map((name) => `"${name}"`).join(", ");
    throw new Error(`Pipeline "${plan.name}" has no lookup "${unknown}". It has: ${known || "none"}.`);
  }

  /** Undefined where only `ask` can tell. */
  fake({ node, key }: LookupCall): LookupAnswer | undefined {
    const fake = this.#fakes.get(node);
    if (fake === undefined) return undefined;
    return answerOf(() => fake(JSON.parse(key) as never), node);
  }

  /** Asks once, one call for each key. */
  async ask({ node: name, key }: LookupCall): Promise<LookupAnswer> {
    const source = this.#nodes.find((node) => node.name === name)?.source;
    if (source === undefined) return { error: `there is no lookup ${name}` };
    try {
      const wanted: unknown = JSON.parse(key);
      const found = await (source.kind === "d1" ? this.#inD1(source, wanted) : this.#byFunction(source, wanted));
      return answerOf(() => found, name);
    } catch (error) {
      return failed(error);
    }
  }

  async #byFunction({ find }: FunctionLookup, key: unknown): Promise<unknown> {
    const [found] = await find([key], { env: this.#env, signal: new AbortController().signal });
    return found;
  }

  async #inD1(source: D1Lookup, key: unknown): Promise<unknown> {
    const cells = cellsOf(source, key);
    if (cells instanceof Error) throw cells;
    const database = (this.#env as { readonly [binding: string]: Database | undefined } | undefined)?.[source.binding];
    if (database === undefined)
      throw new Error(`Give the driver the D1 database: { env: { ${source.binding}: … } }, or a fake for the lookup.`);
    const { results } = await database
      .prepare(lookupQuery(source))
      .bind(JSON.stringify([cells]))
      .all();
    return rowsFound(source, 1, results)[0];
  }
}

function answerOf(find: () => unknown, node: string): LookupAnswer {
  try {
    const found = find();
    if (found instanceof Error) return failed(found);
    return { found: found === null || found === undefined ? null : jsonText(found, `what ${node} found`) };
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): LookupAnswer {
  return { error: error instanceof Error ? error.message : String(error) };
}
