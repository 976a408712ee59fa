// The conformance suite against a Millrace that runs already:
//   MILLRACE_URL=https://… MILLRACE_TOKEN=… npx vitest run --project system workers/conformance
// With MILLRACE_DEMO=1 also what the demo pipelines do, which leaves flights of made-up airports in it.
import { env } from "node:process";
import { describe } from "vitest";
import { conformance, demoConformance } from "./test/conformance.ts";
import type { Target } from "./test/http.ts";

const { MILLRACE_URL: url = "", MILLRACE_TOKEN: token, MILLRACE_DEMO: demo } = env;
const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
const target: Target = { fetch, baseUrl: url.replace(/\/+$/, ""), headers };

describe.runIf(url !== "")(`against ${url}`, () => {
  conformance(target);
  if (demo === "1") demoConformance(target);
});
