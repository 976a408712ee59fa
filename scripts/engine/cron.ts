import { get } from "node:http";

/** That of wrangler.toml, which no local runtime obeys. */
const CRON = "*/5 * * * *";
const INTERVAL_MS = 5 * 60_000;

/**
 * Calls the Worker's `scheduled` now and every 5 minutes (LOC-5); the answer ends it. A run that fails is said, and the
 * next one tries again. Over Miniflare's port, because its own client starts a thread of 40 MB.
 */
export function startCron(miniflare: URL): () => void {
  const url = new URL(`/cdn-cgi/local/scheduled?cron=${encodeURIComponent(CRON)}`, miniflare);
  let stopped = false;
  const failed = (reason: string) => {
    if (!stopped) process.stderr.write(`The Worker's scheduled handler failed: ${reason}\n`);
  };
  const run = () => {
    get(url, (answer) => {
      if (answer.statusCode !== 200) failed(`status ${answer.statusCode}`);
      answer.resume();
    }).on("error", (error) => failed(error.message));
  };
  run();
  const timer = setInterval(run, INTERVAL_MS);
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
