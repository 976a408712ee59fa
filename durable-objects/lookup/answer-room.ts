import { MAX_LOOKUP_ANSWER_CHARACTERS } from "../../schema/limits.ts";
import type { AskedCall, LookupAnswer, LookupAnswers } from "../core/operator/operator.ts";

/** What the answers of one slice may still hold, over all its lookups. */
export interface AnswerRoom {
  characters: number;
}

export function charactersOf(answer: LookupAnswer): number {
  return "error" in answer ? answer.error.length : (answer.found?.length ?? 0);
}

/**
 * Where a slice must end that was asked for up to `end`: in front of the first record that has no answer, or with which the
 * records are given too much, as each gets a value of its own. Never in front of the first that looks something up, so
 * the task goes on.
 */
export function endWithinRoom(calls: readonly AskedCall[], answers: LookupAnswers, end: number): number {
  let left = MAX_LOOKUP_ANSWER_CHARACTERS;
  for (const call of calls) {
    const answer = answers(call);
    left -= answer === undefined ? Number.POSITIVE_INFINITY : charactersOf(answer);
    if (left < 0 && call.offset !== calls[0]?.offset) return call.offset;
  }
  return end;
}
