/// <reference path="../schema/globals.d.ts" />

/** Of the WHATWG DOM Standard; see schema/globals.d.ts. */
declare class AbortController {
  readonly signal: object;
}
