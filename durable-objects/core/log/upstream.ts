import { type Answer, refuse } from "../../../schema/error.ts";

/** What to do with a row of another task's outbox, given the last sequence taken from that task (ENG-6). */
export function judgeDelivery(last: number, sequence: number): Answer<{ readonly duplicate: boolean }> {
  if (sequence <= last) return { ok: true, duplicate: true };
  if (sequence === last + 1) return { ok: true, duplicate: false };
  return refuse("out_of_order_sequence", `delivery ${sequence} arrived, expected ${last + 1}`, {
    hint: "A delivery is missing: the sending task stops here",
    retriable: false,
    extra: { expectedSequence: last + 1 },
  });
}
