// A proxy of one listener in a process of its own, which tells what its connections cost: any message is answered with
// its memory after a full collection.

import { Loopback } from "../../proxy/exchange/loopback.ts";

const loopback = await Loopback.start();
process.on("message", () => {
  globalThis.gc!();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send!({ connections: loopback.server.connections, rss, heapUsed, external });
});
process.on("disconnect", () => process.exit());
process.send!({ port: loopback.port });
