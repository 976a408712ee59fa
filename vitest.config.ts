import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { configDefaults, defineConfig } from "vitest/config";

const standIn = fileURLToPath(new URL("scripts/simulate/platform/cloudflare-workers.ts", import.meta.url));

/** Answers the number of letters of a currency, 404 for `xxx`, 500 for `bad`. */
function rates(request: { readonly url: string }): Response {
  const currency = new URL(request.url).pathname.slice(1);
  if (currency === "xxx") return new Response("no such currency", { status: 404 });
  if (currency === "bad") return new Response("away", { status: 500 });
  return Response.json({ rate: currency.length });
}

const OTHERS = ["**/*.workerd.test.ts", "**/*.system.test.ts", "**/*.simulation.test.ts"];
const SLOW = ["**/*.slow.test.ts", "**/*.property.test.ts", "**/*.determinism.test.ts"];

const inNode = {
  // Property tests take a second each; a loaded machine takes several times that.
  testTimeout: 60_000,
  pool: "threads",
  // Seven times faster; tests hold no state outside themselves.
  isolate: false,
  maxWorkers: "100%",
  // After the others, which take a core or more each.
  sequence: { groupOrder: 1 },
} as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...inNode,
          name: "node",
          include: ["**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...OTHERS, ...SLOW],
        },
      },
      {
        // As those, but a second or more each: `npm run check` leaves them out.
        test: { ...inNode, name: "slow", include: SLOW },
      },
      {
        // The objects of the shell, on the simulated platform: minutes of work in one file, so `npm run check` leaves it out.
        resolve: { alias: { "cloudflare:workers": standIn } },
        test: {
          name: "simulation",
          testTimeout: 300_000,
          include: ["**/*.simulation.test.ts"],
        },
      },
      {
        // `main` exports what wrangler.toml's main exports, and the objects that only tests use.
        plugins: [
          cloudflareTest({
            main: "./workers/test/worker.ts",
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              durableObjects: { BARE: { className: "BareObject", useSQLite: true } },
              // A service of another Worker, as far as pipelines can tell.
              serviceBindings: { RATES: rates },
            },
          }),
        ],
        test: {
          name: "workerd",
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // One runtime for all files, so storage is shared: names of objects must be unique across files.
          isolate: false,
          maxWorkers: 1,
          include: ["**/*.workerd.test.ts"],
        },
      },
      {
        // Real engine processes: they are started, killed and measured, so one file at a time.
        test: {
          name: "system",
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          include: ["**/*.system.test.ts"],
        },
      },
    ],
  },
});
