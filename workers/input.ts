import type * as z from "zod";
import { refuse, type Answer, type Refusal } from "../schema/error.ts";
import { noBody } from "../schema/wire/request/parameter.ts";
import { readBody } from "./body.ts";
import type { EdgeContext } from "./edge.ts";
import { mediaTypeOf } from "./media-type.ts";
import { problem } from "./refuse.ts";

/** Bodies that configure something; records have their own limit. */
const MAX_CONFIGURATION_BYTES = 1024 * 1024;

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : `${text}${text === "" ? "" : "."}${String(step)}`),
    "",
  );
}

/** The first thing wrong, with its path (HTTP-3). */
function refuseIssue(issue: z.core.$ZodIssue, kind: string): Refusal {
  if (issue.code === "unrecognized_keys") {
    const field = pathText([...issue.path, issue.keys[0] ?? ""]);
    return refuse("invalid_request", `unknown ${kind} "${field}"`, { field });
  }
  if (issue.path.length === 0) return refuseWhole(issue, kind);
  const field = pathText(issue.path);
  return refuse("invalid_request", `${field}: ${issue.message}`, { field });
}

/** What is wrong with all of it together; query parameters are always an object. */
function refuseWhole({ code, message, input }: z.core.$ZodIssue, kind: string): Refusal {
  if (kind !== "field" || code !== "invalid_type") return refuse("invalid_request", message);
  const found = Array.isArray(input) ? "an array" : input === null ? "null" : `a ${typeof input}`;
  return refuse("invalid_request", `the body is ${found}, not a JSON object`, { field: "body" });
}

export function checked<T>(shape: z.ZodType<T>, input: unknown, kind: string): Answer<{ readonly value: T }> {
  const result = shape.safeParse(input, { reportInput: true });
  if (result.success) return { ok: true, value: result.data };
  const [issue] = result.error.issues;
  return issue === undefined ? refuse("invalid_request", "invalid input") : refuseIssue(issue, kind);
}

function queryOf<T>(url: string, shape: z.ZodType<T>): Answer<{ readonly value: T }> {
  // Without a prototype `__proto__` is a key like any other, so it is refused too.
  const parameters = Object.create(null) as Record<string, string>;
  const start = url.indexOf("?");
  for (const [name, value] of new URLSearchParams(start === -1 ? "" : url.slice(start))) {
    if (name in parameters)
      return refuse("invalid_request", `query parameter "${name}" is given twice`, { field: name });
    parameters[name] = value;
  }
  return checked(shape, parameters, "query parameter");
}

/** A handler whose query parameters have been checked: unknown and repeated ones are refused by name (HTTP-4). */
export function withQuery<T>(
  shape: z.ZodType<T>,
  handle: (context: EdgeContext, query: T) => Response | Promise<Response>,
): (context: EdgeContext) => Response | Promise<Response> {
  return (context) => {
    const query = queryOf(context.req.url, shape);
    return query.ok ? handle(context, query.value) : problem(query);
  };
}

/** The JSON body; an empty one counts as `{}`. */
export async function jsonOf(context: EdgeContext): Promise<Answer<{ readonly value: unknown }>> {
  const body = await readBody(context.req.raw, MAX_CONFIGURATION_BYTES);
  if (!body.ok) return body;
  if (body.bytes.byteLength === 0) return { ok: true, value: {} };
  const type = mediaTypeOf(context.req.header("content-type"));
  if (type !== "application/json") {
    const hint = "Send `Content-Type: application/json`";
    return refuse("unsupported_media_type", `the body is ${type === "" ? "of no content type" : type}, not JSON`, {
      hint,
    });
  }
  try {
    return {
      ok: true,
      value: JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body.bytes)),
    };
  } catch (error) {
    return refuse("invalid_request", `the body is not valid JSON in UTF-8: ${(error as Error).message}`);
  }
}

export async function bodyOf<T>(context: EdgeContext, shape: z.ZodType<T>): Promise<Answer<{ readonly value: T }>> {
  const json = await jsonOf(context);
  return json.ok ? checked(shape, json.value, "field") : json;
}

/** `withQuery` for a request that takes no body: an empty one or `{}` passes, a field is refused, never ignored (HTTP-3). */
export function withoutBody<T>(
  shape: z.ZodType<T>,
  handle: (context: EdgeContext, query: T) => Promise<Response>,
): (context: EdgeContext) => Response | Promise<Response> {
  return withQuery(shape, async (context, query) => {
    const body = await bodyOf(context, noBody);
    return body.ok ? handle(context, query) : problem(body);
  });
}
