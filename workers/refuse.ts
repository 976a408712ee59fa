import { problemOf, refuse, type Refusal } from "../schema/error.ts";

/** A partition at its limit waits for retention or for a task; everything else that is busy is so for moments. */
const RETRY_AFTER_FULL_SECONDS = 60;
const RETRY_AFTER_SECONDS = 1;

/** The one place where a refusal becomes HTTP: RFC 9457, `Retry-After` with 503 (HTTP-1, HTTP-2). */
export function problem(refusal: Refusal, more: Readonly<Record<string, string>> = {}): Response {
  const body = problemOf(refusal);
  const headers = new Headers({ "content-type": "application/problem+json", ...more });
  if (body.status === 503) {
    headers.set(
      "retry-after",
      String(refusal.code === "partition_full" ? RETRY_AFTER_FULL_SECONDS : RETRY_AFTER_SECONDS),
    );
  }
  // RFC 9110 §11.6.1: a 401 names the scheme that it wants.
  if (body.status === 401) headers.set("www-authenticate", "Bearer");
  return new Response(JSON.stringify(body), { status: body.status, headers });
}

/** What nobody foresaw: logged here, once, and answered without a detail of the inside. */
export function internalError(error: unknown): Response {
  console.error(error);
  return problem(refuse("internal", "the request failed inside the server"));
}
