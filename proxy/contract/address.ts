// `host:port` as documents write it. Hosts are names or IP literals; IPv6 stands in brackets.

import { Type } from "typebox";

export const ADDRESS_PATTERN =
  "^(\\[[0-9a-fA-F:.]{2,45}\\]|[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?):[0-9]{1,5}$";
export const ADDRESS_DESCRIPTION = "host:port such as 127.0.0.1:8080, [::1]:8080 or api.internal:443";

export const AddressSchema = Type.String({ pattern: ADDRESS_PATTERN, description: ADDRESS_DESCRIPTION });

export interface Address {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/** The parts of an address that `AddressSchema` let through. */
export function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(text.slice(colon + 1)) };
}

/** The text of an address; IPv6 hosts get their brackets. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
