/**
 * Next multiple of the interval, moved by a jitter that every partition of a pipeline shares: pipelines do not all wake at
 * the full second, and the partitions of one still run together. In `(nowMs, nowMs + intervalMs]`.
 */
export function nextRunMs(intervalMs: number, pipeline: string, nowMs: number): number {
  const jitter = hashOf(pipeline) % intervalMs;
  return Math.floor((nowMs - jitter) / intervalMs + 1) * intervalMs + jitter;
}

/** FNV-1a, 32 bit. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
