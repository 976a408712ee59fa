import { murmur2 } from "../../../schema/murmur2.ts";
import type { Plan } from "../../../schema/plan.ts";
import { crc32c } from "../../../schema/record-batch/crc32c.ts";
import type { TaskGraph } from "./task-plan.ts";

const encoder = new TextEncoder();

/**
 * How a plan is cut: its internal topics and what goes into them under which tag. Where it is equal, each task understands
 * what the others send.
 */
export function wiringOf({ internalTopics }: TaskGraph): string {
  return hashOf(
    internalTopics.map(({ name, partitions, inputs }) => [
      name,
      partitions ?? null,
      inputs.map(({ node, input, changes }) => (changes === true ? [node, input, "changes"] : [node, input])),
    ]),
  );
}

/** Of a plan and the text of its functions, what they close over left out: another one is other code (ENG-24). */
export function planHash(plan: Plan): string {
  return hashOf(plan);
}

/** 64 bits in hexadecimal digits. */
function hashOf(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === "function" ? String(part) : part));
  const bytes = encoder.encode(text);
  return [murmur2(bytes) >>> 0, crc32c(bytes)].map((half) => half.toString(16).padStart(8, "0")).join("");
}
