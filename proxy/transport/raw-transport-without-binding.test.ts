// A Node that no longer shows what its streams know: connections are then accepted, read and written through them, and
// nothing else changes.

import { describeTransport } from "./transport-contract.ts";

Object.defineProperty(process, "binding", {
  value: () => {
    throw new Error("no such module");
  },
});
const { rawTcp } = await import("./raw-transport.ts");

describeTransport("rawTcp without Node's binding", rawTcp);
