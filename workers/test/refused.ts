import { expect } from "vitest";
import { errors, type ErrorCode } from "../../schema/error.ts";
import { problem } from "../../schema/wire/answer/problem.ts";
import type { Reply } from "./http.ts";

/** The answer is a problem document of this code, with everything that the code fixes [HTTP-1, HTTP-2]. */
export function refused(
  reply: Reply,
  code: ErrorCode,
): Record<string, unknown> & { detail: string; field?: string | undefined } {
  const { status } = errors[code];
  expect({ type: reply.headers.get("content-type"), text: reply.text }).toMatchObject({
    type: "application/problem+json",
  });
  const body = problem.parse(JSON.parse(reply.text));
  expect(body).toMatchObject({ code, status, type: `urn:millrace:error:${code}` });
  expect(reply.status).toBe(status);
  expect(reply.headers.has("retry-after")).toBe(status === 503);
  return body;
}
