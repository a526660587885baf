// The ports beside those of clients: the admin port, and the public one with three of its calls.

import { AdminServer } from "../admin/admin-server.ts";
import { AdminTokens } from "../admin/admin-tokens.ts";
import { isLoopback } from "../contract/index.ts";
import type { MachineFile } from "./documents.ts";
import { adminCalls } from "./admin-calls.ts";
import type { ProxyProcess } from "./proxy-process.ts";

export class AdminPorts {
  private readonly servers: AdminServer[] = [];

  /** Resolves with the ports. Throws E2003. */
  async open(
    proxy: ProxyProcess,
    { machine, stateDir }: MachineFile,
  ): Promise<{ admin: number; health: number | null }> {
    const { admin, health } = machine;
    const tokens = new AdminTokens(stateDir);
    tokens.ensure();
    if (!isLoopback(admin.host))
      proxy.log.warn({ admin }, "the admin port is reachable from other machines: put TLS in front of it");
    const calls = adminCalls(proxy);
    const bearerOf = (token: string, act: "read" | "change"): string | null => tokens.bearerOf(token, act);
    const full = new AdminServer({ calls, kind: "full", bearerOf });
    this.servers.push(full);
    const adminPort = await full.listen(admin);
    if (health === null) return { admin: adminPort, health: null };
    const open = new AdminServer({ calls, kind: "health", bearerOf });
    this.servers.push(open);
    return { admin: adminPort, health: await open.listen(health) };
  }

  close(): void {
    for (const server of this.servers) server.close();
  }
}
