// How a revision is tried before it enters this process, and made ready for the workers after.

import { prepareModule } from "@sluice/abi";
import type { ModuleArtifact } from "@sluice/abi";
import type { Revision } from "../contract/index.ts";

const PAGE_BYTES = 65_536;

export async function tryRevision(_module: Uint8Array, _revision: Revision, _pluginConfig: Uint8Array): Promise<void> {}

export function prepareArtifact(module: Uint8Array, memoryBytesMax: number): ModuleArtifact {
  return prepareModule(module, { memoryPagesMax: Math.floor(memoryBytesMax / PAGE_BYTES) });
}
