// Whom a proxy process talks to beside its clients and upstreams, as its document names them.

import { resolve } from "node:path";
import { SluiceError } from "@sluice/abi";
import type { Machine } from "../contract/index.ts";
import { PROXY_ERRORS } from "../errors.ts";
import { openSink } from "../record/index.ts";
import type { ReportSink } from "../record/report-sink.ts";
import { RegistryApi } from "../registry-client/registry-api.ts";
import type { MachineFile } from "./documents.ts";

/** null: the document names no registry. */
export function registryApi({ machine, folder }: MachineFile): RegistryApi | null {
  const { registry, node } = machine;
  if (registry === null) return null;
  const tokenFile = registry.tokenFile === null ? null : resolve(folder, registry.tokenFile);
  return new RegistryApi({ address: registry.address, tokenFile, node });
}

/** Throws E2016. */
export function openSinks(machine: Machine, folder: string): ReportSink[] {
  return machine.sinks.map((sink) => {
    try {
      return openSink(sink, folder);
    } catch (cause) {
      throw new SluiceError(
        PROXY_ERRORS.sinkNotOpened,
        `Sink ${sink.name} cannot be opened: ${(cause as Error).message}`,
        { cause },
      );
    }
  });
}
