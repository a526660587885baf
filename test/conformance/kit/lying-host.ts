// Our host with one wrong answer: where a guest finds the status of its first call it finds NotFound for Ok. A whole test file
// is run against it to see that it fails.
import { Status } from "@sluice/abi/spec";
import { STATUSES_AT } from "./guest.ts";
import type { Host } from "./host.ts";
import { sluiceHost } from "./sluice-host.ts";

export const host: Host = {
  name: "lying",
  start(module, settings) {
    const guest = sluiceHost.start(module, settings);
    const memory = guest.memory.bind(guest);
    guest.memory = () => lying(memory());
    return guest;
  },
};

function lying(memory: Uint8Array): Uint8Array {
  const view = new DataView(memory.buffer, memory.byteOffset);
  if (view.getUint32(STATUSES_AT, true) === Status.Ok) view.setUint32(STATUSES_AT, Status.NotFound, true);
  return memory;
}
