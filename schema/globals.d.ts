// The two classes of the WHATWG Encoding Standard that every runtime of ours has and `lib: ["ES2023"]` lacks. Ambient
// declarations are not emitted, so they reach no other layer and cannot clash with its DOM or Cloudflare types.

declare class TextEncoder {
  readonly encoding: "utf-8";
  encode(text?: string): Uint8Array<ArrayBuffer>;
  /** Stops before a character that does not fit. `read` counts UTF-16 code units, `written` counts bytes. */
  encodeInto(text: string, target: Uint8Array): { read: number; written: number };
}

declare class TextDecoder {
  /** With `fatal`, malformed bytes throw a TypeError; without, each becomes U+FFFD. `ignoreBOM` keeps a leading BOM. */
  constructor(label?: string, options?: { fatal?: boolean | undefined; ignoreBOM?: boolean | undefined });
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(bytes?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean | undefined }): string;
}
