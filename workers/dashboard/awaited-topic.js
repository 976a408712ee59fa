// Which topic a pipeline that cannot start yet waits for: the page says how to create it.

/**
 * The error of such a pipeline names the request that helps, as in `waits for topic flights: create it with PUT
 * /v1/topics/flights`.
 * @param {readonly {readonly state: string, readonly error?: string | undefined}[]} pipelines
 * @returns {string | undefined}
 */
export function awaitedTopic(pipelines) {
  for (const { state, error = "" } of pipelines) {
    const [, topic] = /PUT \/v1\/topics\/([\w.-]+)/.exec(error) ?? [];
    if (state === "bootstrapping" && topic !== undefined) return topic;
  }
  return undefined;
}
