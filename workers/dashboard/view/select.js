// A choice among names that come and go.

import { element, keyed } from "./dom.js";

export class Choice {
  #select;
  /** What the reader chose; until then the page chooses. @type {string | undefined} */
  #chosen;

  /**
   * @param {HTMLSelectElement} select
   * @param {() => void} changed
   */
  constructor(select, changed) {
    this.#select = select;
    select.addEventListener("change", () => {
      this.#chosen = select.value;
      changed();
    });
  }

  /**
   * Offers the names and answers the one in force, if there is any.
   * @param {readonly string[]} names
   * @param {readonly string[]} preferred what the page chooses, the first that is offered
   * @returns {string | undefined}
   */
  offer(names, preferred) {
    keyed(this.#select, names, {
      key: (name) => name,
      create: (name) => element("option", { value: name }, name),
      update: () => {},
    });
    const now = [this.#chosen, ...preferred, names[0]].find((name) => name !== undefined && names.includes(name));
    const label = this.#select.closest("label");
    if (label !== null) label.hidden = names.length === 0;
    if (now !== undefined && this.#select.value !== now) this.#select.value = now;
    return now;
  }
}
