import type { Answer } from "../schema/error.ts";
import { problem } from "./refuse.ts";

/** JSON that is text already: values of records and stores are never parsed on the way out. */
export function jsonText(text: string | Uint8Array, status = 200): Response {
  return new Response(text, { status, headers: { "content-type": "application/json" } });
}

export function json(body: object, status = 200): Response {
  return jsonText(JSON.stringify(body), status);
}

/** The answer's body, or the refusal as a problem. */
export function answered<T extends object>(answer: Answer<T>, respond: (value: T) => Response): Response {
  return answer.ok ? respond(answer) : problem(answer);
}
