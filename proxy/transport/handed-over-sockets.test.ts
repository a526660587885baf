// Listening on descriptors that another process opened, as workers do under a supervisor.

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import net, { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { plainTcp } from "./plain-transport.ts";
import { rawTcp } from "./raw-transport.ts";
import type { Transport, TransportKind } from "./transport.ts";

/** Not in Node's manual; the supervisor opens its sockets with it too. */
interface BoundHandle {
  readonly fd: number;
  getsockname(into: { port?: number }): number;
}
const { _createServerHandle: bind } = net as unknown as {
  _createServerHandle: (host: string, port: number, family: 4, fd: -1, sharesPort: 2) => BoundHandle;
};

const kinds: readonly [string, TransportKind][] = [
  ["rawTcp", rawTcp],
  ["plainTcp", plainTcp],
];

describe.each(kinds)("%s on descriptors", (_, kind) => {
  it("accepts from each of them, and from none once it is closed", async () => {
    const { descriptors, port } = boundSockets(3);
    const accepted: Transport[] = [];
    let wake = (): void => {};
    const listener = await kind.listen(descriptors, (transport) => {
      accepted.push(transport);
      wake();
    });
    expect(listener.port).toBe(port);
    const clients = Array.from({ length: 60 }, () => connect(port, "127.0.0.1"));
    while (accepted.length < clients.length) await new Promise<void>((resolve) => (wake = resolve));
    listener.close();
    const late = connect(port, "127.0.0.1");
    const [refusal] = (await once(late, "error")) as [NodeJS.ErrnoException];
    expect(refusal.code).toBe("ECONNREFUSED");
    for (const client of clients) client.destroy();
    for (const transport of accepted) transport.close();
  });

  it("lets a burst of connects wait that comes while it does not turn", async (context) => {
    context.skip(systemBacklogMax() < BURST + 1, "the system lets fewer connections wait");
    const { descriptors, port } = boundSockets(1);
    const accepted: Transport[] = [];
    const listener = await kind.listen(descriptors, (transport) => void accepted.push(transport));
    // Our loop stands still until the child has its connections or has given up.
    const child = spawnSync(process.execPath, ["-e", CONNECT_MANY, String(port), String(BURST)], { encoding: "utf8" });
    expect(child.stdout).toBe(`${BURST} connected`);
    listener.close();
    for (const transport of accepted) transport.close();
  });
});

/** Above Node's own backlog, 511. */
const BURST = 700;
/** A connect that finds no room is tried again by the kernel after a second, again and again; so the child must give up. */
const CONNECT_MANY = `
  const [port, count] = process.argv.slice(1).map(Number);
  let connected = 0;
  const end = () => { process.stdout.write(connected + " connected"); process.exit(); };
  setTimeout(end, 5000);
  for (let i = 0; i < count; i++) require("node:net").connect(port, "127.0.0.1", () => ++connected === count && end());
`;

function boundSockets(count: number): { readonly descriptors: number[]; readonly port: number } {
  const first = bind("127.0.0.1", 0, 4, -1, 2);
  const name: { port?: number } = {};
  first.getsockname(name);
  const port = name.port!;
  const others = Array.from({ length: count - 1 }, () => bind("127.0.0.1", port, 4, -1, 2));
  kept.push(first, ...others);
  return { descriptors: [first, ...others].map(({ fd }) => fd), port };
}

/** A handle that is collected would close its descriptor, which by then may be somebody else's. */
const kept: BoundHandle[] = [];

function systemBacklogMax(): number {
  try {
    return Number(readFileSync("/proc/sys/net/core/somaxconn", "utf8"));
  } catch {
    return 0;
  }
}
