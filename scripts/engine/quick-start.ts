// Imported first by the commands that run an engine: Node.js has little to do there once it has started.
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";

// 30 MB less.
setFlagsFromString("--optimize-for-size");
// Half a second and 15 MB less from the second start on: miniflare is 6 MB of source.
enableCompileCache(join(import.meta.dirname, "../../node_modules/.cache/node"));
