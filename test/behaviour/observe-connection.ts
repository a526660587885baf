// Plays a case of the TCP table against a module, through the real host and the real TCP engine.

import { MemoryConnection, MemoryServices, Plugin, chainOfOne } from "@sluice/abi";
import type { ModuleArtifact } from "@sluice/abi";
import { guestLogs, specOf } from "./observe-case.ts";
import type { TcpCase, TcpStep } from "./tcp-cases.ts";

export function observeConnection(
  artifact: ModuleArtifact,
  { steps }: TcpCase,
  isolation: "shared" | "stream",
): Pick<TcpCase, "transcript" | "logs"> {
  const services = new MemoryServices();
  const plugin = new Plugin(artifact, specOf(artifact, isolation, "tcp"), services);
  plugin.start();
  services.logs.length = 0;
  const connection = new MemoryConnection({ chain: chainOfOne(plugin) });
  for (const step of steps) play(connection, step);
  const seen = { transcript: [...connection.transcript], logs: guestLogs(services) };
  if (connection.isClientOpen) connection.clientCloses();
  plugin.close();
  return seen;
}

function play(connection: MemoryConnection, step: TcpStep): void {
  if ("client" in step) connection.clientSays(step.client);
  else if ("upstream" in step) connection.upstreamSays(step.upstream);
  else if (step.closes === "client") connection.clientCloses();
  else connection.upstreamCloses();
}
