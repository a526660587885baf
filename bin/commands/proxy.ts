// `sluice proxy`: the data plane on its own, until SIGINT or SIGTERM. SIGHUP rereads the document.

import { dirname, resolve } from "node:path";
import { parseMachine } from "@sluice/proxy/contract";
import { Command } from "commander";
import { readNamedBytes, readNamedText } from "../named-file.ts";
import { becomeProxy } from "../proxy-process.ts";
import type { Terminal } from "../terminal.ts";

interface ProxyOptions {
  readonly config: string;
  readonly watch?: boolean;
}

export function proxyCommand(terminal: Terminal): Command {
  return new Command("proxy")
    .description("run a proxy as its document says; SIGHUP rereads it")
    .option("-c, --config <file>", "the machine's document", "sluice.yaml")
    .option("--watch", "reread document, deployment file and modules when one of them changes")
    .action((options: ProxyOptions) => runProxy(terminal, options));
}

function runProxy(terminal: Terminal, options: ProxyOptions): void {
  // Read once here so that a bad document is one sentence and no process; the proxy reads it again for itself.
  parseMachine(readNamedText(terminal, options.config), options.config, (name) =>
    readNamedBytes(terminal, resolve(terminal.cwd, dirname(options.config), name)),
  );
  becomeProxy(resolve(terminal.cwd, options.config), { watch: options.watch === true });
}
