const MAX_MESSAGE_CHARACTERS = 1_000;
const MAX_STACK_CHARACTERS = 4_000;
const MAX_FRAMES = 8;

/** What was thrown, bounded. Anything can be thrown, so nothing about it is believed. */
export function errorText(thrown: unknown): { readonly message: string; readonly stack: string } {
  try {
    if (!(thrown instanceof Error)) return { message: cut(`${String(thrown)}`, MAX_MESSAGE_CHARACTERS), stack: "" };
    const message = thrown.message === "" ? thrown.name : thrown.message;
    return { message: cut(message, MAX_MESSAGE_CHARACTERS), stack: cut(framesOf(thrown.stack), MAX_STACK_CHARACTERS) };
  } catch {
    return { message: "an error that cannot be described", stack: "" };
  }
}

/** The frames down to ours: what lies below the task differs by who called it, and the same record gives the same text. */
function framesOf(stack: unknown): string {
  if (typeof stack !== "string") return "";
  const lines = stack.split("\n");
  const first = lines.findIndex((line) => line.startsWith("    at "));
  if (first < 0) return stack;
  const frames = lines.slice(first, first + MAX_FRAMES);
  const task = frames.findIndex((line) => /at (?:(?:RunningTask|Units)\.|#process)/.test(line));
  return [...lines.slice(0, first), ...(task < 0 ? frames : frames.slice(0, task))].join("\n");
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters)}…`;
}
