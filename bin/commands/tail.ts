// `sluice tail`: records as the proxies make them, until Ctrl-C.

import { SluiceError } from "@sluice/abi";
import { tailFilterOf, tailQuery } from "@sluice/proxy/contract";
import type { ServerSentEvent } from "@sluice/proxy/contract";
import { Command } from "commander";
import { openAdmin } from "../admin-client.ts";
import { BIN_ERRORS } from "../errors.ts";
import { openRegistry, withRegistry } from "../registry-access.ts";
import type { RegistryOptions } from "../registry-access.ts";
import { stopSignal } from "../stop-signal.ts";
import { recordText } from "../tail-text.ts";
import { printable } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface TailOptions extends RegistryOptions {
  readonly json?: boolean;
  readonly denied?: boolean;
  readonly slot?: string;
  readonly route?: string;
  readonly status?: string;
  readonly method?: string;
  readonly path?: string;
  readonly node?: string;
  readonly proxy?: string;
}

export function tailCommand(terminal: Terminal): Command {
  const command = new Command("tail")
    .description("requests as the proxies finish them, until Ctrl-C")
    .option("--denied", "only those that a slot denied")
    .option("--slot <name>", "only those that this slot was asked about; with --denied: that it denied")
    .option("--route <name>", "only those of this route")
    .option("--status <list>", "only these statuses, for example 403 or 4xx,503")
    .option("--method <name>", "only this method")
    .option("--path <prefix>", "only paths that begin so")
    .option("--node <id>", "only this proxy, through the registry")
    .option("--proxy <url>", "straight from this admin port, without the registry");
  return withRegistry(command).action((options: TailOptions) => tail(terminal, options));
}

async function tail(terminal: Terminal, options: TailOptions): Promise<void> {
  const open = sourceOf(terminal, options);
  const stop = new AbortController();
  const stopped = Promise.race([stopSignal(), terminal.closed()]).then(() => stop.abort());
  for await (const event of open(stop.signal)) {
    show(terminal, options, event);
    await Promise.race([terminal.drained(), stopped]);
  }
  if (stop.signal.aborted) return;
  throw new SluiceError(BIN_ERRORS.unreachable, "The other side ended the tail.", {
    hint: "Open it again; the log of the registry or the proxy may say why.",
  });
}

type Open = (signal: AbortSignal) => AsyncGenerator<ServerSentEvent>;

function sourceOf(terminal: Terminal, options: TailOptions): Open {
  const query = queryOf(options);
  const { proxy, node } = options;
  if (proxy !== undefined) {
    if (node !== undefined) throw usage("--node asks the registry, --proxy goes without it");
    const client = openAdmin(terminal, proxy);
    return (signal) => client.tail(query, signal);
  }
  if (node !== undefined) query.set("proxy", node);
  const client = openRegistry(terminal, options);
  return (signal) => client.tail(query, signal);
}

/** The filter as a query, checked here: a slip is a usage error and no call. */
function queryOf({ denied, slot, route, status, method, path }: TailOptions): URLSearchParams {
  const words = { slot, route, status, method: method?.toUpperCase(), path };
  const query = new URLSearchParams(denied === true ? { denied: "1" } : {});
  for (const [key, word] of Object.entries(words)) if (word !== undefined) query.set(key, word);
  const filter = tailFilterOf(query);
  if (typeof filter === "string") throw usage(filter);
  return tailQuery(filter);
}

function usage(why: string): SluiceError {
  return new SluiceError(BIN_ERRORS.usage, `tail: ${why}.`);
}

function show(terminal: Terminal, options: TailOptions, { event, data }: ServerSentEvent): void {
  switch (event) {
    case "record":
      return terminal.out(options.json === true ? printable(data) : recordText(data));
    case "dropped":
      return terminal.err(`${droppedCount(data)} records were dropped: more came than can be shown`);
    case "hello":
      return terminal.err(printable(helloText(data)));
  }
}

function droppedCount(data: string): number {
  return Number((JSON.parse(data) as { count?: unknown }).count);
}

function helloText(data: string): string {
  const { proxies } = JSON.parse(data) as { proxies?: readonly string[] };
  if (proxies === undefined) return "waiting for records";
  return proxies.length === 0 ? "no proxy is connected; waiting" : `waiting for records of ${proxies.join(", ")}`;
}
