// `sluice dev`: an author's loop. At every save the filter is built, tested and put in charge of its slot on this machine.

import { relative, resolve } from "node:path";
import { SluiceError } from "@sluice/abi";
import { Command } from "commander";
import { withLocalAddresses } from "../demo/local-installation.ts";
import { eventText } from "../dev/dev-event.ts";
import type { DevEvent } from "../dev/dev-event.ts";
import { DevSession } from "../dev/dev-session.ts";
import { FolderWatch } from "../dev/folder-watch.ts";
import { openLocalRegistry } from "../dev/local-registry.ts";
import type { DevRegistryOptions } from "../dev/local-registry.ts";
import { BIN_ERRORS } from "../errors.ts";
import { PartList } from "../part-list.ts";
import { withRegistry } from "../registry-access.ts";
import { stopSignal } from "../stop-signal.ts";
import { printable } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

type DevOptions = DevRegistryOptions & { readonly json?: boolean; readonly config?: string };

export function devCommand(terminal: Terminal): Command {
  const command = new Command("dev")
    .description("at every save build, test and serve a filter's folder, on this machine")
    .argument("[folder]", "the filter's folder", ".")
    .option("--config <file>", "the plugin configuration, watched too; else exampleConfig of filter.yaml");
  return withLocalAddresses(withRegistry(command)).action((folder: string, options: DevOptions) =>
    dev(terminal, resolve(terminal.cwd, folder), options),
  );
}

async function dev(terminal: Terminal, folder: string, options: DevOptions): Promise<void> {
  const stop = stopSignal();
  const parts = new PartList();
  const tell = (event: DevEvent): void => print(terminal, options, event);
  try {
    const ended = await Promise.race([stop, runSession(terminal, folder, options, parts, tell)]);
    if (typeof ended !== "string")
      throw new SluiceError(BIN_ERRORS.notReady, `The proxy ended with code ${ended ?? "none"}.`);
  } finally {
    await parts.stopAll();
  }
}

/** Resolves when the proxy that was started here ends; rejects when the session cannot go on. */
async function runSession(
  terminal: Terminal,
  folder: string,
  options: DevOptions,
  parts: PartList,
  tell: (event: DevEvent) => void,
): Promise<number | null> {
  const configFile = options.config === undefined ? null : resolve(terminal.cwd, options.config);
  const { client, address, proxy } = await openLocalRegistry(terminal, folder, options, parts);
  const session = await DevSession.open({ folder, configFile, client, tell });
  await parts.add(() => session.stop());
  tell({
    event: "watching",
    slot: session.slot,
    folder: shown(terminal, folder),
    config: configFile === null ? null : shown(terminal, configFile),
    registry: address,
    proxy: proxy?.address ?? null,
    proxyLog: proxy === null ? null : shown(terminal, proxy.log),
  });
  return new Promise((done, fail) => {
    const save = (atMs: number | null): void => void session.save(atMs).catch(fail);
    const watch = new FolderWatch({ folder, files: configFile === null ? [] : [configFile], onSave: save });
    parts.add(() => watch.close()).catch(fail);
    save(null);
    void proxy?.ended.then(done);
  });
}

function print(terminal: Terminal, options: DevOptions, event: DevEvent): void {
  terminal.out(options.json === true ? JSON.stringify(event) : printable(eventText(event)));
}

function shown(terminal: Terminal, path: string): string {
  return relative(terminal.cwd, path) || ".";
}
