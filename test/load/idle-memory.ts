// What an idle connection costs: connections to a proxy in a process of its own, each of which has served a request.
// By hand: `node test/load/idle-memory.ts 10000`.

import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";

// The young generation as the supervisor gives it to the proxy.
/** What tables and pools grow by is paid once; these come before the first look. */
const warmUpConnections = 256;
const openedAtOnce = 64;
const request = "GET / HTTP/1.1\r\nhost: a.test\r\n\r\n";

export interface IdleCost {
  readonly connections: number;
  /** Bytes of one connection: in the JavaScript heap and buffers, and in the process. */
  readonly heapBytes: number;
  readonly processBytes: number;
}

interface Memory {
  readonly connections: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

export async function idleCost(connections: number): Promise<IdleCost> {
  const server = fork(new URL("idle-server.ts", import.meta.url), [], {
    execArgv: ["--expose-gc", "--max-semi-space-size=4"],
  });
  const clients: Socket[] = [];
  try {
    const [{ port }] = (await once(server, "message")) as [{ port: number }];
    await open(port, warmUpConnections, clients);
    const before = await memoryOf(server);
    await open(port, connections, clients);
    const after = await memoryOf(server);
    const count = after.connections - before.connections;
    return {
      connections: count,
      heapBytes: (after.heapUsed + after.external - before.heapUsed - before.external) / count,
      processBytes: (after.rss - before.rss) / count,
    };
  } finally {
    for (const client of clients) client.destroy();
    server.disconnect();
    await once(server, "exit");
  }
}

async function open(port: number, count: number, clients: Socket[]): Promise<void> {
  for (let opened = 0; opened < count; opened += openedAtOnce) {
    const some = Array.from({ length: Math.min(openedAtOnce, count - opened) }, () => askOnce(port));
    clients.push(...(await Promise.all(some)));
  }
}

async function askOnce(port: number): Promise<Socket> {
  const client = connect(port, "127.0.0.1");
  client.write(request);
  await once(client, "data");
  return client;
}

async function memoryOf(server: ChildProcess): Promise<Memory> {
  server.send({});
  const [memory] = (await once(server, "message")) as [Memory];
  return memory;
}

if (import.meta.main) {
  const cost = await idleCost(Number(process.argv[2] ?? 10_000));
  console.log(
    `${cost.connections} idle connections: ${Math.round(cost.processBytes)} bytes of the process each, ${Math.round(cost.heapBytes)} of them in heap and buffers`,
  );
}
