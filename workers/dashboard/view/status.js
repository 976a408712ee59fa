// One line that says how the page stands. Each part of the page reports for itself; the worst of them is shown.

import { byId, setAttribute, setText } from "./dom.js";

/**
 * @import { Done, Failure } from "../api.js"
 * @typedef {{readonly kind: "waiting" | "live" | "paused" | "trouble", readonly text: string}} Line
 */

export class Status {
  #line = byId("status", HTMLElement);
  /** @type {Map<string, Failure>} */
  #failures = new Map();
  #answered = false;
  #paused = false;
  #locked = false;

  /**
   * A single lost request is tried again before anything is said.
   * @param {string} source
   * @param {Done | Failure} outcome
   * @param {number} failures in a row
   */
  report(source, outcome, failures) {
    if (outcome.ok) {
      this.#answered = true;
      this.#failures.delete(source);
    } else if (failures > 1 || outcome.kind === "unauthenticated" || !this.#answered) {
      this.#failures.set(source, outcome);
    }
    this.show();
  }

  get unreachable() {
    return [...this.#failures.values()].some(({ kind }) => kind === "unreachable");
  }

  /** Of a part that is no longer there. @param {string} prefix */
  forget(prefix) {
    for (const source of this.#failures.keys()) if (source.startsWith(prefix)) this.#failures.delete(source);
    this.show();
  }

  /** @param {{paused?: boolean, locked?: boolean}} now `locked`: without the token that it needs */
  set({ paused = this.#paused, locked = this.#locked }) {
    this.#paused = paused;
    this.#locked = locked;
    this.show();
  }

  show() {
    const { kind, text } = this.#now();
    setAttribute(this.#line, "data-kind", kind);
    setText(this.#line, text);
  }

  /** @returns {Line} */
  #now() {
    if (this.#locked) return { kind: "trouble", text: "Needs a token" };
    if (this.#paused) return { kind: "paused", text: "Paused" };
    if (this.unreachable) return { kind: "trouble", text: "Not reachable, trying again" };
    const [first] = this.#failures.values();
    if (first !== undefined) return { kind: "trouble", text: `Refused, trying again: ${first.message}` };
    return this.#answered ? { kind: "live", text: "Live" } : { kind: "waiting", text: "Connecting…" };
  }
}
