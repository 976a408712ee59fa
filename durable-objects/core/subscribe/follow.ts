import { MAX_READ_BYTES } from "../../../schema/limits.ts";
import type {
  ChangesAnswer,
  ChangesCursor,
  ChangesRequest,
  StoreChange,
  StorePlace,
} from "../../../schema/rpc/store.ts";
import { readPage } from "../read/read-page.ts";
import { behindKey, comparePlaces, type View } from "../read/view.ts";
import type { RowUpdate } from "./change-recorder.ts";
import type { ChangeRing } from "./change-ring.ts";

/** Of one answer, besides what one transaction has changed. */
const MAX_BYTES = MAX_READ_BYTES / 2;

/** A store in one partition whose changes are kept, as committed. */
export interface Followed {
  readonly view: View;
  readonly ring: ChangeRing;
  readonly incarnation: number;
  readonly beganMs: number;
  readonly position: number;
}

export type FollowRequest = Pick<ChangesRequest, "key" | "cursor" | "limit">;
export type Step = Pick<ChangesAnswer, "reset" | "changes" | "rows" | "ready" | "cursor" | "offset">;

/**
 * What a follower gets next. While it takes the snapshot: a page of rows, and all changes of the rows before it, so that
 * everything up to the page is as it is now. Then changes. So a row is never told as it was before (SUB-1).
 */
export function follow(followed: Followed, request: FollowRequest): Step {
  const { view, ring, position } = followed;
  const cursor = resumable(followed, request.cursor);
  const reset = request.cursor !== undefined && cursor !== request.cursor;
  const found = ring.after(cursor.seq, MAX_BYTES);
  const changes = shownChanges(view, found.updates, { ...request, cursor });
  const next = { ...cursor, seq: found.seq };
  const step = { reset, changes, rows: [], ready: false, cursor: next };
  // A page is as of the last change told: while there are more, they come first.
  if (found.seq < ring.head) return { ...step, offset: found.position ?? position };
  if (cursor.taking === undefined) return { ...step, offset: position };
  const { after } = cursor.taking;
  const page = readPage(view, { ...keysOf(request), after, limit: request.limit, maxCharacters: MAX_BYTES });
  const taking = page.next === undefined ? undefined : { after: page.next };
  return { ...step, rows: page.rows, ready: taking === undefined, cursor: { ...next, taking }, offset: position };
}

/** Where the cursor was, if all that has changed since is still known. */
function resumable({ ring, incarnation, beganMs }: Followed, cursor: ChangesCursor | undefined): ChangesCursor {
  if (cursor?.incarnation === incarnation && cursor.beganMs === beganMs && ring.holds(cursor.seq)) return cursor;
  return { incarnation, beganMs, seq: ring.head, taking: {} };
}

function keysOf({ key }: FollowRequest): { readonly fromKey?: string; readonly toKey?: string } {
  return key === undefined ? {} : { fromKey: key, toKey: behindKey(key) };
}

/** Those of the key asked for, and of a snapshot that is being taken those of the rows that it has. */
function shownChanges(view: View, updates: readonly RowUpdate[], { key, cursor }: FollowRequest): StoreChange[] {
  const taken = cursor?.taking === undefined ? undefined : takenBefore(view, cursor.taking.after);
  return updates.flatMap((update) => {
    const { value, ...gone } = update;
    const row = view.identify(gone);
    if (taken?.(update) === false || (key !== undefined && row.key !== key)) return [];
    return [{ ...row, value: value === undefined ? null : view.show({ ...gone, value }).value }];
  });
}

function takenBefore({ order }: View, after: StorePlace | undefined): (place: StorePlace) => boolean {
  const compare = comparePlaces(order);
  return (place) => after !== undefined && compare(place, after) <= 0;
}
