// HOT: bench abi.
// Networks in CIDR form, IPv4 and IPv6 in one table (an IPv4 address is ::ffff:a.b.c.d in both); of those that an address
// is in the smallest counts. Built and searched as string-table.ts is, by bits.

import { number, parseIpAddress } from "./ip-address.ts";
import type { Matcher, TableEntry } from "./matcher.ts";

const NONE = -1;
const BYTES = 16;
const BITS = 128;
const V4_BITS = 32;
const SLASH = 0x2f;
const COLON = 0x3a;
const OPEN = 0x5b;

interface Network {
  readonly address: Buffer;
  readonly bits: number;
  readonly class: number;
}

/** The value's address, while a question is answered. */
const asked = new Uint8Array(BYTES);

export class CidrTable implements Matcher {
  private readonly addresses: Uint8Array;
  private readonly bits: Uint8Array;
  private readonly classes: Int32Array;
  /** The smallest other network that this one is in; NONE for none. */
  private readonly parents: Int32Array;

  /** Or what is wrong with the entries. */
  static of(entries: readonly TableEntry[]): CidrTable | string {
    const networks: Network[] = [];
    for (const { text, class: own } of entries) {
      const network = parseNetwork(text);
      if (network === null)
        return `"${Buffer.from(text).toString()}" is no network such as 10.0.0.0/8 or 2001:db8::/32`;
      networks.push({ ...network, class: own });
    }
    networks.sort((a, b) => Buffer.compare(a.address, b.address) || a.bits - b.bits);
    const twin = networks.find((network, i) => i > 0 && isSame(network, networks[i - 1]!));
    return twin === undefined ? new CidrTable(networks) : `the network of class ${twin.class} is there twice`;
  }

  private constructor(sorted: readonly Network[]) {
    this.addresses = new Uint8Array(Buffer.concat(sorted.map(({ address }) => address)));
    this.bits = Uint8Array.from(sorted, ({ bits }) => bits);
    this.classes = Int32Array.from(sorted, (network) => network.class);
    this.parents = new Int32Array(sorted.length).fill(NONE);
    for (let i = 1; i < sorted.length; i++)
      this.parents[i] = this.smallestAround(i - 1, sorted[i]!.address, sorted[i]!.bits);
  }

  classOf(bytes: Uint8Array, start: number, length: number): number {
    if (!parseIpAddress(bytes, start, start + length, asked)) return 0;
    const network = this.smallestAround(this.lastUpTo(asked), asked, BITS);
    return network === NONE ? 0 : this.classes[network]!;
  }

  /** The last network whose first address is not behind this one. */
  private lastUpTo(address: Uint8Array): number {
    let from = 0;
    let to = this.classes.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.isBehind(middle, address)) to = middle;
      else from = middle + 1;
    }
    return from - 1;
  }

  private isBehind(network: number, address: Uint8Array): boolean {
    for (let i = 0; i < BYTES; i++) {
      const difference = this.addresses[network * BYTES + i]! - address[i]!;
      if (difference !== 0) return difference > 0;
    }
    return false;
  }

  /** From `network` up, the first that the other one (or an address, with all bits) is in. */
  private smallestAround(network: number, address: Uint8Array, bits: number): number {
    let around = network;
    while (around !== NONE && (this.bits[around]! > bits || this.sharedBits(around, address) < this.bits[around]!))
      around = this.parents[around]!;
    return around;
  }

  private sharedBits(network: number, address: Uint8Array): number {
    for (let i = 0; i < BYTES; i++) {
      const difference = this.addresses[network * BYTES + i]! ^ address[i]!;
      if (difference !== 0) return i * 8 + Math.clz32(difference) - 24;
    }
    return BITS;
  }
}

/** An address without bits is a network of its own; bits behind the network's are cleared, as Envoy does. */
function parseNetwork(text: Uint8Array): Omit<Network, "class"> | null {
  const address = Buffer.alloc(BYTES);
  const slash = text.indexOf(SLASH);
  const end = slash < 0 ? text.length : slash;
  const written = text.subarray(0, end);
  const isV4 = !written.includes(COLON);
  // One colon is an address with a port, a bracket one that may have one.
  const isPlain = isV4 || (written[0] !== OPEN && written.indexOf(COLON) !== written.lastIndexOf(COLON));
  if (!isPlain || !parseIpAddress(text, 0, end, address)) return null;
  const own = slash < 0 ? (isV4 ? V4_BITS : BITS) : number(text, slash + 1, text.length, 3);
  if (own < 0 || own > (isV4 ? V4_BITS : BITS)) return null;
  const bits = isV4 ? own + BITS - V4_BITS : own;
  for (let bit = bits; bit < BITS; bit++) address[bit >>> 3]! &= ~(0x80 >>> (bit & 7));
  return { address, bits };
}

function isSame(a: Network, b: Network): boolean {
  return a.bits === b.bits && a.address.equals(b.address);
}
