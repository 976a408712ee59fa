// The only place that talks to the server. It answers with values, as the server's own layers do: what went wrong is
// something to show, and nobody has to remember to catch it.

/**
 * @typedef {{readonly ok: false, readonly kind: "unreachable" | "unauthenticated" | "refused" | "stopped",
 *   readonly code: string, readonly message: string}} Failure
 * @typedef {{readonly ok: true}} Done
 */
/** @template T @typedef {{readonly ok: true, readonly value: T} | Failure} Result */

const TOKEN_KEY = "millrace-token";
const TIMEOUT_MS = 10_000;

/** Kept by the tab and by nothing that outlives it. */
export const token = {
  /** @returns {string} empty without one */
  get() {
    return sessionStorage.getItem(TOKEN_KEY) ?? "";
  },
  /** @param {string} value */
  set(value) {
    sessionStorage.setItem(TOKEN_KEY, value);
  },
  forget() {
    sessionStorage.removeItem(TOKEN_KEY);
  },
};

/**
 * GET of a path below the page's own origin. `waitMs` is how long the server may take on purpose.
 * @template T
 * @param {string} path
 * @param {{signal: AbortSignal, waitMs?: number, parse?: (text: string) => unknown}} options
 * @returns {Promise<Result<T>>}
 */
export async function get(path, { signal, waitMs = 0, parse = JSON.parse }) {
  const given = token.get();
  try {
    const answer = await fetch(path, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(waitMs + TIMEOUT_MS)]),
      headers: given === "" ? {} : { authorization: `Bearer ${given}` },
      cache: "no-store",
    });
    const text = await answer.text();
    signal.throwIfAborted();
    return answer.ok ? { ok: true, value: /** @type {T} */ (parse(text)) } : failureOf(answer.status, text);
  } catch (error) {
    if (signal.aborted) return { ok: false, kind: "stopped", code: "", message: "stopped" };
    return { ok: false, kind: "unreachable", code: "", message: error instanceof Error ? error.message : "no answer" };
  }
}

/**
 * @param {number} status
 * @param {string} text a problem document, or what a proxy in between says
 * @returns {Failure}
 */
function failureOf(status, text) {
  const { code = "", detail = `status ${status}` } = problemOf(text);
  if (status === 401) return { ok: false, kind: "unauthenticated", code, message: detail };
  // Without a problem document it is not Millrace that speaks.
  if (code === "" && status >= 500) return { ok: false, kind: "unreachable", code, message: detail };
  return { ok: false, kind: "refused", code, message: detail };
}

/**
 * @param {string} text
 * @returns {{code?: string, detail?: string}}
 */
function problemOf(text) {
  try {
    const { code, detail } = JSON.parse(text);
    return typeof code === "string" && typeof detail === "string" ? { code, detail } : {};
  } catch {
    return {};
  }
}
