import type { Bytes } from "../schema/record.ts";

// The platform's streams: Node.js, browsers and Workers have them, and none has a synchronous gzip in common.

export function gzip(bytes: Bytes): Promise<Bytes> {
  return through(bytes, new CompressionStream("gzip"));
}

/** Rejects with a RangeError as soon as more than `maxBytes` come out, and with another error for malformed data. */
export function gunzip(bytes: Bytes, maxBytes: number): Promise<Bytes> {
  return through(bytes, new DecompressionStream("gzip"), maxBytes);
}

async function through(bytes: Bytes, stream: GenericTransformStream, maxBytes = Infinity): Promise<Bytes> {
  const writer = stream.writable.getWriter();
  // What goes wrong here reaches the reader below, which is waited for.
  Promise.all([writer.write(bytes), writer.close()]).catch(() => {});
  const reader = (stream.readable as ReadableStream<Bytes>).getReader();
  const parts: Bytes[] = [];
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > maxBytes) {
      await reader.cancel();
      throw new RangeError(`more than ${maxBytes} bytes come out of ${bytes.length}`);
    }
    parts.push(part.value);
  }
  return joined(parts, size);
}

function joined(parts: readonly Bytes[], size: number): Bytes {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
