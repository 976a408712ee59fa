import { decompress } from "../durable-objects/gzip.ts";
import { refuse, type Answer, type Refusal } from "../schema/error.ts";
import type { Bytes } from "../schema/record.ts";

/** A body that is refused is read to its end up to this many times the limit, so that its sender sees why (HTTP-14). */
export const MAX_READ_TIMES = 2;

export type Body = Answer<{ readonly bytes: Bytes }>;

function tooLarge(maxBytes: number): Refusal {
  const hint = "Send less at once";
  return refuse("batch_too_large", `the request body is larger than ${maxBytes} bytes`, { hint });
}

/** A length that was not declared is counted as it comes. What is too much is not held, but read on to its end (HTTP-14). */
async function collect(stream: ReadableStream<Uint8Array>, maxBytes: number, hold: Hold): Promise<Bytes | undefined> {
  let chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > MAX_READ_TIMES * maxBytes) break;
    if (size > maxBytes) chunks = [];
    else {
      chunks.push(chunk);
      hold(chunk.byteLength);
    }
  }
  if (size > maxBytes) return undefined;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/** Undefined where it is too large; throws when the client goes away. */
async function bytesOf(request: Request, maxBytes: number, hold: Hold): Promise<Bytes | undefined> {
  if (request.body === null) return new Uint8Array(0);
  if (declaredLength(request) === undefined) return collect(request.body, maxBytes, hold);
  const bytes = new Uint8Array(await request.arrayBuffer());
  return bytes.byteLength > maxBytes ? undefined : bytes;
}

function unfold(folded: Bytes, maxBytes: number): Body {
  try {
    return { ok: true, bytes: decompress("gzip", folded, maxBytes) };
  } catch (error) {
    // The one sign of a bomb that Node and workerd share; workerd's zlib errors have no code.
    if (error instanceof RangeError) return tooLarge(maxBytes);
    return refuse("invalid_request", "the body is not valid gzip", { field: "Content-Encoding" });
  }
}

/** Length in bytes that the client declared, or undefined (chunked). */
export function declaredLength(request: Request): number | undefined {
  const text = request.headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Told of bytes that are held and were not declared. */
export type Hold = (bytes: number) => void;

/** The whole body, unfolded, at most `maxBytes` both before and after (HTTP-7, HTTP-8). */
export async function readBody(request: Request, maxBytes: number, hold: Hold = () => {}): Promise<Body> {
  const encoding = (request.headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  if (encoding !== "identity" && encoding !== "gzip") {
    const hint = "Send gzip or no Content-Encoding";
    return refuse("unsupported_media_type", `content encoding "${encoding}" is not supported`, { hint });
  }
  const declared = declaredLength(request);
  if (declared !== undefined && declared > maxBytes) return tooLarge(maxBytes);
  let bytes: Bytes | undefined;
  try {
    bytes = await bytesOf(request, maxBytes, hold);
  } catch {
    return refuse("invalid_request", "the request body ended before it was whole", { hint: "Send it again" });
  }
  if (bytes === undefined) return tooLarge(maxBytes);
  if (encoding === "identity") return { ok: true, bytes };
  const unfolded = unfold(bytes, maxBytes);
  if (unfolded.ok) hold(unfolded.bytes.byteLength);
  return unfolded;
}
