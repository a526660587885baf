// `host:port` as people write it on the command line.
import { createServer } from "node:net";
import { SluiceError } from "@sluice/abi";
import { BIN_ERRORS } from "./errors.ts";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Takes `127.0.0.1:8080` and `[::1]:8080` apart; throws SLUICE-E5001 for anything else. */
export function parseAddress(text: string, option: string): HostPort {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:\s]+)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new SluiceError(BIN_ERRORS.usage, `${option} "${text}" is not HOST:PORT.`);
  return { host: match[1] ?? match[2] ?? "", port };
}

/** Throws SLUICE-E5006 when somebody listens on `address` already. */
export async function requireFree(address: string, option: string): Promise<void> {
  const { host, port } = parseAddress(address, option);
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error) => reject(explainListenError(error, option, address)));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });
}

/** The system's EADDRINUSE as a sentence; any other error as it is. */
function explainListenError(error: Error, option: string, address: string): Error {
  if (!("code" in error) || error.code !== "EADDRINUSE") return error;
  return new SluiceError(BIN_ERRORS.portInUse, `${address} is already in use by another process.`, {
    cause: error,
    hint: `Stop what listens there, or choose another address with ${option} HOST:PORT.`,
  });
}
