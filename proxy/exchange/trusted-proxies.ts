// Whose `x-forwarded-*` and `forwarded` are kept, and who the client is behind a chain of such proxies. Only
// `x-forwarded-for` names the client: two fields that may disagree would let one of them lie.

import { BlockList, isIP } from "node:net";
import type { AddressRange } from "../contract/index.ts";
import { FORWARDED_HOPS_MAX } from "./limits.ts";

export class TrustedProxies {
  private readonly ranges = new BlockList();

  constructor(ranges: readonly AddressRange[]) {
    for (const { address, prefix, family } of ranges) this.ranges.addSubnet(address, prefix, family);
  }

  trusts(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.ranges.check(address, version === 4 ? "ipv4" : "ipv6");
  }

  /**
   * The last address of the chain that is not one of ours, read from the peer backwards: what stands before it was said
   * by it. What is no address ends the chain at the proxy that wrote it.
   */
  clientOf(forwardedFor: string, peer: string): string {
    let client = peer;
    const hops = forwardedFor.split(",");
    const first = Math.max(0, hops.length - FORWARDED_HOPS_MAX);
    for (let hop = hops.length - 1; hop >= first && this.trusts(client); hop--) {
      const address = addressOf(hops[hop]!.trim());
      if (address === null) break;
      client = address;
    }
    return client;
  }
}

/** An entry of `x-forwarded-for`, without the port that some proxies write behind it. */
function addressOf(entry: string): string | null {
  if (isIP(entry) !== 0) return entry;
  const bracketed = /^\[([0-9A-Fa-f:.]+)\](:[0-9]{1,5})?$/.exec(entry);
  const bare = bracketed === null ? /^([0-9.]+):[0-9]{1,5}$/.exec(entry) : bracketed;
  return bare !== null && isIP(bare[1]!) !== 0 ? bare[1]! : null;
}
