// What stands where there is no data yet: what to do.

import { token } from "../api.js";
import { element } from "./dom.js";

/**
 * Shows `children` in place of the data, or hides the place.
 * @param {HTMLElement} place
 * @param {readonly (string | Node)[]} children none: there is data
 */
export function showEmpty(place, children) {
  const text = children.map((child) => (typeof child === "string" ? child : child.textContent)).join("\n");
  place.hidden = children.length === 0;
  if (place.dataset["text"] === text) return;
  place.dataset["text"] = text;
  place.replaceChildren(...children.map((child) => (typeof child === "string" ? element("p", {}, child) : child)));
}

/** @param {string} text */
function command(text) {
  return element("pre", { tabindex: "0" }, element("code", {}, text));
}

function authorization() {
  return token.get() === "" ? "" : ` \\\n  -H "authorization: Bearer $MILLRACE_TOKEN"`;
}

/** @param {string} topic */
export function createTopicCommand(topic) {
  return command(
    `curl -X PUT ${location.origin}/v1/topics/${topic}${authorization()} \\\n  -H "content-type: application/json" -d '{"partitions": 4}'`,
  );
}

/** @param {string} topic */
export function produceCommand(topic) {
  return command(
    `curl ${location.origin}/v1/topics/${topic}/records${authorization()} \\\n  -H "content-type: application/json" -d '{"records": [{"key": "a", "value": {"n": 1}}]}'`,
  );
}
