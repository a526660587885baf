// IP addresses as 128 bits, IPv4 inside ::ffff:0:0/96: so that a client which dials the IPv6 form of an IPv4 address
// meets the same rules.

import { Value } from "./bytes";

const V4_MAPPED: u64 = 0xffff_0000_0000;
const V4_PREFIX_BITS: i32 = 96;
const COLON: i32 = 0x3a;
const DOT: i32 = 0x2e;
/** Begins the zone of a link-local address (`fe80::1%eth0`), which no rule is about. */
const PERCENT: i32 = 0x25;
const GROUPS: i32 = 8;

/** An address; parsed in place, without allocating. */
@final
export class Address {
  high: u64 = 0;
  low: u64 = 0;
  isV4: bool = false;

  /** Reads `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]:80`; false when it is none of them. */
  parse(text: Value): bool {
    return this.parseBytes(text.start, text.size);
  }

  parseBytes(start: usize, size: i32): bool {
    if (size == 0) return false;
    if (load<u8>(start) == 0x5b) return this.parseBracketed(start, size);
    const colon = indexOf(start, size, COLON);
    if (colon < 0) return this.parseV4(start, size);
    if (indexOf(start, colon, DOT) >= 0) return this.parseV4(start, colon);
    return this.parseV6(start, size);
  }

  private parseBracketed(start: usize, size: i32): bool {
    const end = indexOf(start, size, 0x5d);
    return end > 0 && this.parseV6(start + 1, end - 1);
  }

  private parseV4(start: usize, size: i32): bool {
    const bits = v4Bits(start, size);
    if (bits < 0) return false;
    this.high = 0;
    this.low = V4_MAPPED | <u64>bits;
    this.isV4 = true;
    return true;
  }

  /** Eight groups of hexadecimal digits, one run of zeros as `::`, the last two possibly as IPv4 (RFC 4291, 2.2). */
  private parseV6(start: usize, sizeWithZone: i32): bool {
    const zone = indexOf(start, sizeWithZone, PERCENT);
    const size = zone < 0 ? sizeWithZone : zone;
    this.high = 0;
    this.low = 0;
    let groups = 0;
    let gap = -1;
    let at = 0;
    if (size >= 2 && load<u8>(start) == COLON) {
      if (load<u8>(start, 1) != COLON) return false;
      gap = 0;
      at = 2;
    }
    while (at < size) {
      const colon = indexOf(start + at, size - at, COLON);
      const length = colon < 0 ? size - at : colon;
      if (colon < 0 && indexOf(start + at, length, DOT) >= 0) {
        const bits = v4Bits(start + at, length);
        if (bits < 0 || groups > GROUPS - 2) return false;
        this.pushGroup(<u64>bits >> 16);
        this.pushGroup(<u64>bits & 0xffff);
        groups += 2;
        break;
      }
      if (length == 0) {
        // A second colon right after the first: the run of zeros.
        if (gap >= 0) return false;
        gap = groups;
        at++;
        continue;
      }
      const group = hexGroup(start + at, length);
      if (group < 0 || groups == GROUPS) return false;
      this.pushGroup(<u64>group);
      groups++;
      at += length + 1;
      if (colon >= 0 && at == size) return false;
    }
    return this.finishV6(groups, gap);
  }

  private pushGroup(group: u64): void {
    this.high = (this.high << 16) | (this.low >> 48);
    this.low = (this.low << 16) | group;
  }

  /** Moves the groups before the gap to the front. */
  private finishV6(groups: i32, gap: i32): bool {
    if (gap < 0 ? groups != GROUPS : groups >= GROUPS) return false;
    if (gap >= 0) this.openGap((groups - gap) * 16, (GROUPS - groups) * 16);
    this.isV4 = this.high == 0 && this.low >> 32 == 0xffff;
    return true;
  }

  private openGap(bitsAfter: i32, bitsMissing: i32): void {
    const high = this.high;
    const low = this.low;
    const keptHigh = high & highMask(bitsAfter);
    const keptLow = low & lowMask(bitsAfter);
    this.high = high & ~highMask(bitsAfter);
    this.low = low & ~lowMask(bitsAfter);
    for (let i = 0; i < bitsMissing; i += 16) {
      this.high = (this.high << 16) | (this.low >> 48);
      this.low = this.low << 16;
    }
    this.high |= keptHigh;
    this.low |= keptLow;
  }
}

/** The block `10.0.0.0/8`, or a single address. */
@final
export class AddressBlock {
  private high: u64 = 0;
  private low: u64 = 0;
  private highBits: u64 = 0;
  private lowBits: u64 = 0;

  /** Null when `text` is neither an address nor a CIDR block. */
  static parse(text: string): AddressBlock | null {
    const slash = text.indexOf("/");
    const address = new Address();
    const bytes = String.UTF8.encode(slash < 0 ? text : text.substring(0, slash));
    // Ports have no place here, so an IPv4 block may hold no colon and an IPv6 block no bracket.
    if (text.includes("[") || (text.includes(".") && text.includes(":") && !text.startsWith("::"))) return null;
    if (!address.parseBytes(changetype<usize>(bytes), bytes.byteLength)) return null;
    const written4 = !text.includes(":");
    const prefix = slash < 0 ? (written4 ? 32 : 128) : prefixLength(text.substring(slash + 1), written4 ? 32 : 128);
    if (prefix < 0) return null;
    return new AddressBlock(address, written4 ? prefix + V4_PREFIX_BITS : prefix);
  }

  constructor(address: Address, prefix: i32) {
    this.highBits = ~highMask(128 - prefix);
    this.lowBits = ~lowMask(128 - prefix);
    this.high = address.high & this.highBits;
    this.low = address.low & this.lowBits;
  }

  contains(address: Address): bool {
    return (address.high & this.highBits) == this.high && (address.low & this.lowBits) == this.low;
  }
}

/** The last `bits` of 128, as far as they lie in the upper and the lower half. */
function highMask(bits: i32): u64 {
  if (bits <= 64) return 0;
  return bits >= 128 ? u64.MAX_VALUE : ((<u64>1) << (bits - 64)) - 1;
}
function lowMask(bits: i32): u64 {
  if (bits <= 0) return 0;
  return bits >= 64 ? u64.MAX_VALUE : ((<u64>1) << bits) - 1;
}

/** The 32 bits of a dotted address, -1 when it is none. Leading zeros are refused: some read them as octal. */
function v4Bits(start: usize, size: i32): i64 {
  let bits: i64 = 0;
  let at = 0;
  for (let part = 0; part < 4; part++) {
    const dot = indexOf(start + at, size - at, DOT);
    const length = part < 3 ? dot : size - at;
    const number = length < 1 || length > 3 ? -1 : decimal(start + at, length);
    if (number < 0 || number > 255 || (part == 3 && dot >= 0)) return -1;
    bits = (bits << 8) | number;
    at += length + 1;
  }
  return bits;
}

function decimal(start: usize, length: i32): i64 {
  if (length > 1 && load<u8>(start) == 0x30) return -1;
  let number: i64 = 0;
  for (let i = 0; i < length; i++) {
    const digit = <i32>load<u8>(start + i) - 0x30;
    if (<u32>digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

function hexGroup(start: usize, length: i32): i32 {
  if (length > 4) return -1;
  let group = 0;
  for (let i = 0; i < length; i++) {
    const byte = <i32>load<u8>(start + i);
    const letter = (byte | 0x20) - 0x61;
    if (<u32>(byte - 0x30) <= 9) group = (group << 4) | (byte - 0x30);
    else if (<u32>letter <= 5) group = (group << 4) | (letter + 10);
    else return -1;
  }
  return group;
}

function prefixLength(text: string, max: i32): i32 {
  const bytes = String.UTF8.encode(text);
  if (bytes.byteLength < 1 || bytes.byteLength > 3) return -1;
  const number = decimal(changetype<usize>(bytes), bytes.byteLength);
  return number > max ? -1 : <i32>number;
}

function indexOf(start: usize, size: i32, byte: i32): i32 {
  for (let i = 0; i < size; i++) if (<i32>load<u8>(start + i) == byte) return i;
  return -1;
}
