// The properties that only the proxy knows of a stream (the engine answers those of heads and filters itself), in the
// encoding of the ABI: strings as they are, integers as 8 bytes little endian, times in nanoseconds.

import type { ExchangeFacts } from "./facts.ts";

type Source = Pick<
  ExchangeFacts,
  "route" | "cluster" | "endpoint" | "sourceAddress" | "sourcePort" | "startedMs" | "listener" | "id"
>;

/** The property named by `path` (segments joined by NUL), null when there is none. */
export function streamProperty(path: string, of: Source): Uint8Array | null {
  switch (path) {
    case "source\0address":
      return text(addressWithPort(of.sourceAddress, of.sourcePort));
    case "source\0port":
      return integer(BigInt(of.sourcePort));
    case "request\0protocol":
      return text("HTTP/1.1");
    case "request\0time":
      return integer(BigInt(Math.round(of.startedMs)) * 1_000_000n);
    case "request\0id":
      return text(of.id());
    case "xds\0route_name":
    case "route_name":
      return of.route === null ? null : text(of.route.name);
    case "xds\0cluster_name":
    case "cluster_name":
      return of.cluster === null ? null : text(of.cluster.name);
    case "listener_name":
      return text(of.listener);
    case "upstream\0address":
      return of.endpoint === null ? null : text(of.endpoint.address);
    case "upstream\0port":
      return of.endpoint === null ? null : integer(BigInt(of.endpoint.port));
    default:
      return null;
  }
}

/** IPv6 in brackets: without them `::1:4000` would be another address. */
function addressWithPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function text(value: string): Uint8Array {
  return Buffer.from(value, "latin1");
}

function integer(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}
