import { exports } from "cloudflare:workers";
import { conformance, demoConformance } from "./test/conformance.ts";
import type { Target } from "./test/http.ts";

const worker = (exports as unknown as { readonly default: Fetcher }).default;

const target: Target = {
  baseUrl: "http://millrace.test",
  fetch: (url, init) => worker.fetch(new Request(url, init)),
};

conformance(target);
demoConformance(target);
