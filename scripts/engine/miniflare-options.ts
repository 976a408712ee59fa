import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Bundle, FRONT } from "./bundle.ts";
import { runtimeFile } from "./folder-lock.ts";
import { Log, LogLevel, type V4MiniflareOptions } from "./miniflare.ts";

const require = createRequire(import.meta.url);

/**
 * V8 in workerd would let garbage lie on a machine with much memory: what lives is 5 to 15 MB, and it would let the old
 * space grow to half of its bound before it looks, and then keep the empty pages (`memory-pool`). New objects get 2 MB from
 * the start, which costs no more time than 4. The bound for old ones is above the 128 MB that production gives an isolate.
 */
const RUNTIME_FLAGS = [
  "--min-semi-space-size=2",
  "--max-semi-space-size=2",
  "--initial-old-space-size=8",
  "--heap-growing-percent=50",
  "--max-old-space-size=192",
  "--no-memory-pool",
].join(" ");

export function miniflareOptions(
  { name, workerOptions, code }: Bundle,
  { dataDir, port }: { readonly dataDir: string; readonly port: number },
): V4MiniflareOptions {
  process.env["MINIFLARE_WORKERD_V8_FLAGS"] ??= RUNTIME_FLAGS;
  return {
    host: "127.0.0.1",
    // Its own port takes triggers (cron.ts); `port` speaks to the Worker.
    port: 0,
    unsafeTriggerHandlers: true,
    // Otherwise every start asks workers.cloudflare.com.
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    log: new Log(LogLevel.WARN),
    // Standard output is for what the command says.
    handleStructuredLogs: ({ message }) => process.stderr.write(`${message}\n`),
    // Where `wrangler dev --persist-to <dataDir>` keeps the same.
    resourcePersistencePath: join(dataDir, "v3"),
    unsafeRuntimeEnv: runtimeEnvironment(dataDir),
    workers: [
      {
        ...workerOptions,
        name,
        bindings: { ...("bindings" in workerOptions ? (workerOptions.bindings as object) : {}), MILLRACE_AUTH: "off" },
        unsafeDirectSockets: [{ host: "127.0.0.1", port, entrypoint: FRONT }],
        modules: [{ type: "ESModule", path: "index.js", contents: code }],
      },
    ],
  };
}

/** workerd is started through workerd.sh where there is a shell; on Windows, or when the file lost its mode, as it is. */
function runtimeEnvironment(dataDir: string): Record<string, string> {
  const wrapper = join(import.meta.dirname, "workerd.sh");
  try {
    if (process.platform === "win32") return {};
    accessSync(wrapper, constants.X_OK);
  } catch {
    return {};
  }
  const { default: workerd } = require("workerd") as { readonly default: string };
  // For every Miniflare of this process: it looks at the variable whenever it starts its workerd, also after a crash.
  Object.assign(process.env, { MINIFLARE_WORKERD_PATH: wrapper, MILLRACE_WORKERD: workerd });
  return { MILLRACE_WORKERD_PID: runtimeFile(dataDir) };
}
