/** A record before it has an offset. It needs a key or a value. */
export interface RecordToSend {
  /** Records of one key go to one partition. A string is its UTF-8 bytes. */
  readonly key?: string | Uint8Array | null | undefined;
  /**
   * Any JSON value, stored as the text `JSON.stringify` gives: the string `a` as `"a"`, with its quotes. A Uint8Array is
   * stored as it is. null and undefined are a tombstone.
   */
  readonly value?: unknown;
  /** In the place of `value`: stored as its UTF-8 bytes, nothing added. `12.30` stays that. */
  readonly text?: string | undefined;
  readonly headers?: { readonly [name: string]: string | Uint8Array | null } | undefined;
  /** ms since epoch; the time of sending when absent. */
  readonly timestampMs?: number | undefined;
  /** Before the key's. */
  readonly partition?: number | undefined;
}

/** Where a record is stored. */
export interface RecordMetadata {
  readonly partition: number;
  /** -1 where the record had been stored by an earlier try that the partition no longer remembers. */
  readonly offset: number;
}
