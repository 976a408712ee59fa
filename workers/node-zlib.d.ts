// The part of node:zlib in use. Node's own types stay out: they would let this layer name `process` and `Buffer`.

declare module "node:zlib" {
  export function gzipSync(bytes: Uint8Array, options?: { level?: number | undefined }): Uint8Array<ArrayBuffer>;
  /** Throws on malformed input, and a RangeError when the result would be longer than `maxOutputLength` bytes. */
  export function gunzipSync(
    bytes: Uint8Array,
    options?: { maxOutputLength?: number | undefined },
  ): Uint8Array<ArrayBuffer>;
}
