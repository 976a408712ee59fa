import { describe } from "vitest";
import { demoPipelineConformance } from "./conformance/demo-pipelines.ts";
import { edgeConformance } from "./conformance/edge.ts";
import { idempotenceConformance } from "./conformance/idempotence.ts";
import { pipelineConformance } from "./conformance/pipelines.ts";
import { produceConformance } from "./conformance/produce.ts";
import { refusedProduceConformance } from "./conformance/produce-refused.ts";
import { readConformance } from "./conformance/read.ts";
import { recordBatchConformance } from "./conformance/record-batch.ts";
import { topicConformance } from "./conformance/topics.ts";
import type { Target } from "./http.ts";

/** Some requests carry 20 MB, and a server in the same process is compiled by the first one. */
const TIMEOUT_MS = 60_000;

/**
 * What an outside program may rely on, against any running Millrace: call it inside a vitest file. It makes topics of its
 * own and reads no other's records.
 */
export function conformance(target: Target): void {
  describe("conformance", { timeout: TIMEOUT_MS }, () => {
    edgeConformance(target);
    topicConformance(target);
    produceConformance(target);
    refusedProduceConformance(target);
    idempotenceConformance(target);
    recordBatchConformance(target);
    readConformance(target);
    pipelineConformance(target);
  });
}

/**
 * What the pipelines do that every deployment begins with: only for a server that may be written to, as it keeps flights of
 * airports that are made up.
 */
export function demoConformance(target: Target): void {
  describe("demo pipelines", { timeout: TIMEOUT_MS }, () => {
    demoPipelineConformance(target);
  });
}
