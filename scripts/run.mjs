// Runs a script or an installed binary with the Node.js version that the lock file pins.
//
//   node scripts/run.mjs scripts/start.ts --port 8080      a script of this repository
//   node scripts/run.mjs --bin vitest run                   a binary of node_modules/.bin
//
// Plain JavaScript without dependencies, because it is what a fresh clone starts with, on any Node.js from 20 on. It
// first makes node_modules equal to package-lock.json. Runs that start at the same time install once: `.installing`
// holds the id of the process that installs, and the others wait for it.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, "node_modules", ".bin");
const node = join(bin, "node");
const lock = join(root, ".installing");

/** npm writes its own copy of the lock file last, so an interrupted install is never taken for a whole one. */
function installed() {
  const copy = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(node) || !existsSync(copy)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(copy, "utf8")).packages;
  const same = (path) =>
    present[path].version === wanted[path]?.version && present[path].integrity === wanted[path]?.integrity;
  // Optional packages of other platforms are in the lock file only.
  const missing = Object.keys(wanted).filter((path) => path !== "" && !present[path] && !wanted[path].optional);
  return missing.length === 0 && Object.keys(present).every(same);
}

function alive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** The process that holds the lock; 0 when there is none, or it has not written its id yet. */
function lockHolder() {
  try {
    return Number(readFileSync(lock, "utf8"));
  } catch {
    return 0;
  }
}

/** True when this process now holds the lock. The lock of a process that died is removed, and taken on the next try. */
function takeLock() {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    const holder = lockHolder();
    if (holder > 0 && !alive(holder)) rmSync(lock, { force: true });
    return false;
  }
}

/** Resolves with how npm ended; at once when another process has installed meanwhile. */
async function install() {
  for (let tries = 0; !takeLock(); tries++) {
    if (tries === 20) process.stderr.write(`Process ${lockHolder()} installs packages (it holds ${lock}): waiting…\n`);
    // Longer than a removal takes: two waiters never remove the lock that one of them has just taken.
    await new Promise((wake) => setTimeout(wake, 100 + Math.random() * 200));
  }
  try {
    if (installed()) return { code: 0 };
    process.stderr.write("Installing the packages of package-lock.json…\n");
    // --include: NODE_ENV=production would leave out what builds and runs the engine.
    const options = ["--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];
    const end = await run("npm", ["ci", ...options], { stdio: ["ignore", 2, 2] });
    if (end.code === 0 && !installed()) throw new Error("npm ci did not install node: allow its install script");
    return end;
  } finally {
    rmSync(lock, { force: true });
  }
}

/**
 * The C library of most Linux systems keeps what an engine's start has freed, in an arena for each thread: with these it
 * gives back 20 MB. They count from the start of a process only. Other systems do not know them.
 */
const ALLOCATOR = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "65536", MALLOC_TRIM_THRESHOLD_: "131072" };

/** Forwards signals while the command runs, and resolves with how it ended. */
function run(command, args, { stdio, settings = {} }) {
  const env = { ...settings, ...process.env, PATH: bin + delimiter + process.env.PATH };
  const child = spawn(command, args, { cwd: root, env, stdio });
  // A terminal sends Ctrl-C to the whole process group; sent twice, many programs would skip their clean shutdown.
  const interrupt = () => process.stdin.isTTY || child.kill("SIGINT");
  const handlers = { SIGINT: interrupt, SIGTERM: () => child.kill("SIGTERM"), SIGHUP: () => child.kill("SIGHUP") };
  for (const signal in handlers) process.on(signal, handlers[signal]);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      for (const name in handlers) process.off(name, handlers[name]);
      resolve({ code, signal });
    });
  });
}

function exitLike({ code, signal }) {
  if (signal) process.kill(process.pid, signal);
  else process.exit(code);
}

const args = process.argv.slice(2);
if (args.length === 0) {
  process.stderr.write("usage: run.mjs scripts/<name>.ts [argument…] | run.mjs --bin <name> [argument…]\n");
  process.exit(2);
}
const ready = installed() ? { code: 0 } : await install();
if (ready.code !== 0) exitLike(ready);
else if (args[0] === "--bin") exitLike(await run(join(bin, args[1]), args.slice(2), { stdio: "inherit" }));
else exitLike(await run(node, args, { stdio: "inherit", settings: ALLOCATOR }));
