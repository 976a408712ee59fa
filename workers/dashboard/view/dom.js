// The few ways in which the page changes its document. Text enters as text nodes only: a record's value may be markup.

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {{readonly [attribute: string]: string}} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * An element that index.html has.
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} with the id ${id}`);
  return found;
}

/**
 * Writes only what differs: an equal text written again would end a selection in it.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {Element} node
 * @param {string} name
 * @param {string} value
 */
export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/**
 * Makes the parent's children those of `items`, in their order: known ones are updated where they are, so that focus,
 * selection and what is unfolded stay.
 * @template Item
 * @template {Element} Made
 * @param {Element} parent
 * @param {readonly Item[]} items
 * @param {{key: (item: Item) => string, create: (item: Item) => Made, update: (made: Made, item: Item) => void,
 *   fixed?: number}} how `fixed` first children stay what they are
 */
export function keyed(parent, items, { key, create, update, fixed = 0 }) {
  const known = /** @type {Map<string, Made>} */ (children.get(parent) ?? new Map());
  /** @type {Map<string, Made>} */
  const next = new Map();
  let place = parent.children[fixed] ?? null;
  for (const item of items) {
    const name = key(item);
    const made = known.get(name) ?? create(item);
    next.set(name, made);
    known.delete(name);
    update(made, item);
    if (made === place) place = place.nextElementSibling;
    else parent.insertBefore(made, place);
  }
  for (const made of known.values()) made.remove();
  children.set(parent, next);
}

/** @type {WeakMap<Element, Map<string, Element>>} */
const children = new WeakMap();
