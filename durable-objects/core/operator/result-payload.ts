import type { AggregateNode, ValueFormat } from "../../../schema/plan.ts";
import type { Bytes } from "../../../schema/record.ts";
import { jsonText } from "../store/state-value.ts";
import type { Trace } from "./operator.ts";
import { type Payload, payloadOf, TextPayload, TOMBSTONE } from "./payload.ts";
import { returnedValue } from "./returned.ts";

export type Result = NonNullable<AggregateNode["result"]>;

/** What goes downstream for the text of a state; `undefined` says that there is none. */
export type Shown = (text: string | undefined) => Payload;

export function shownBy({ name, result }: Pick<AggregateNode, "name" | "result">, trace: Trace): Shown {
  if (result === undefined) return payloadOf;
  return (text) => (text === undefined ? TOMBSTONE : new ResultPayload(text, { name, result }, trace));
}

/** What user code makes of a state, when it is first asked for: a sketch that nobody reads costs nothing. */
export class ResultPayload implements Payload {
  readonly #state: string;
  readonly #of: { readonly name: string; readonly result: Result };
  readonly #trace: Trace;
  #made: Payload | undefined;

  constructor(state: string, of: { readonly name: string; readonly result: Result }, trace: Trace) {
    this.#state = state;
    this.#of = of;
    this.#trace = trace;
  }

  value(): unknown {
    return this.#result.value();
  }

  check(): void {
    this.#result.check();
  }

  json(name: string): string {
    return this.#result.json(name);
  }

  encoded(format: ValueFormat, name: string): Bytes | string | null {
    return this.#result.encoded(format, name);
  }

  /** Itself; the state where nothing can be made of it, so that a dead letter has something to show. */
  get readable(): Payload {
    try {
      this.json("value");
      return this;
    } catch {
      return new TextPayload(this.#state);
    }
  }

  get #result(): Payload {
    return (this.#made ??= this.#make());
  }

  /** The aggregate is the node at work, whoever asks. */
  #make(): Payload {
    const { node } = this.#trace;
    const { name, result } = this.#of;
    this.#trace.node = name;
    const made = returnedValue(result(JSON.parse(this.#state)), name);
    this.#trace.node = node;
    return made;
  }
}

/** The JSON text that readers from outside get for a stored state. */
export function resultText(state: string, result: Result | undefined): string {
  return result === undefined ? state : jsonText(result(JSON.parse(state)), "value");
}
