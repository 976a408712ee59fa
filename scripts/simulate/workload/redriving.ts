import { Task } from "../../../durable-objects/core/task/task.ts";

let redriving = false;

/**
 * Whether user code runs for a dead letter that comes again. It is told from outside, so that it does the same in the run and
 * when the checks run it once more.
 */
export function atRedrive(): boolean {
  return redriving;
}

// oxlint-disable-next-line typescript/unbound-method -- called with its object below
const { redrive } = Task.prototype;

Task.prototype.redrive = function (...given): ReturnType<typeof redrive> {
  redriving = true;
  try {
    return redrive.apply(this, given);
  } finally {
    redriving = false;
  }
};
