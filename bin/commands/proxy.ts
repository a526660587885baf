// `sluice proxy`: the data plane on its own, until SIGINT or SIGTERM. SIGHUP rereads the document.

import { parseMachine } from "@sluice/proxy/contract";
import { Command } from "commander";
import { SluiceError } from "@sluice/abi";
import { stopChild } from "../child-process.ts";
import { BIN_ERRORS } from "../errors.ts";
import { readNamedText } from "../named-file.ts";
import { startProxy } from "../proxy-process.ts";
import { stopSignal } from "../stop-signal.ts";
import type { Terminal } from "../terminal.ts";

interface ProxyOptions {
  readonly config: string;
}

export function proxyCommand(terminal: Terminal): Command {
  return new Command("proxy")
    .description("run a proxy as its document says")
    .option("-c, --config <file>", "the machine's document", "sluice.yaml")
    .action((options: ProxyOptions) => runProxy(terminal, options));
}

async function runProxy(terminal: Terminal, options: ProxyOptions): Promise<void> {
  // Read once here so that a bad document is one sentence and no process; the proxy reads it again for itself.
  parseMachine(readNamedText(terminal, options.config), options.config);
  const stop = stopSignal();
  const proxy = startProxy(options.config, terminal.cwd);
  const onHangup = (): void => void proxy.process.kill("SIGHUP");
  process.on("SIGHUP", onHangup);
  const first = await Promise.race([stop, proxy.ended]);
  process.off("SIGHUP", onHangup);
  if (typeof first === "string") return void (await stopChild(proxy));
  if (first !== 0) throw new SluiceError(BIN_ERRORS.notReady, `The proxy ended with code ${first ?? "none"}.`);
}
