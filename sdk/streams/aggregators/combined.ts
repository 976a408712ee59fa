import type { Aggregator } from "./aggregator.ts";

/** A state that its own aggregator alone looks into. `any`, since `unknown` is no state that an aggregator takes. */
export type AnyState = any;

/** Aggregators under the names that their results are to have. */
export type Aggregators<Value> = { readonly [name: string]: Aggregator<Value, AnyState, unknown> };

type Part<Value> = Aggregators<Value>[string];
type States = { [name: string]: unknown };

/** Several aggregators as one, with a state of their states. One that joined later begins with the next record. */
export function combined<Value>(parts: Aggregators<Value>): Aggregator<Value, States, States> {
  const entries = Object.entries<Part<Value>>(parts);
  if (entries.length === 0) throw new Error("aggregate has no aggregators. Name at least one: { bids: count() }.");
  const missing = entries.filter(([, { remove }]) => remove === undefined);
  const each = (change: (part: Part<Value>, name: string) => unknown): States => {
    const states: States = {};
    for (const [name, part] of entries) set(states, name, change(part, name));
    return states;
  };
  const of = (states: States, name: string, { initial }: Part<Value>): unknown =>
    Object.hasOwn(states, name) ? states[name] : initial();
  return {
    name: (missing.length > 0 ? missing : entries).map(([name, part]) => `${part.name} ("${name}")`).join(", "),
    plain: entries.every(([, { plain }]) => plain === true),
    immutable: entries.every(([, { plain, immutable }]) => plain === true || immutable === true),
    initial: () => each(({ initial }) => initial()),
    add: (states, value, timestampMs) => each((part, name) => part.add(of(states, name, part), value, timestampMs)),
    remove:
      missing.length > 0
        ? undefined
        : (states, value) => each((part, name) => part.remove?.(of(states, name, part), value)),
    merge: (a, b) => each((part, name) => part.merge(of(a, name, part), of(b, name, part))),
    result: (states) => each((part, name) => part.result(of(states, name, part))),
  };
}

function set(states: States, name: string, state: unknown): void {
  if (name !== "__proto__") states[name] = state;
  else Object.defineProperty(states, name, { value: state, configurable: true, enumerable: true, writable: true });
}
