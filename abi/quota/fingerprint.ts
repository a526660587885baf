// HOT: bench abi.
// 64 bits that stand for a key in shared memory: HalfSipHash-2-4, keyed by a secret of the process, so that nobody
// outside can choose keys that meet in one bucket. https://github.com/veorq/SipHash

/** A secret of 64 bits, as two Int32. */
export interface FingerprintSecret {
  readonly low: number;
  readonly high: number;
}

/** The last fingerprint, as two Int32. Read before the next call. */
export const fingerprint = { low: 0, high: 0 };

let v0 = 0;
let v1 = 0;
let v2 = 0;
let v3 = 0;

/** Sets `fingerprint`. */
export function takeFingerprint(bytes: Uint8Array, secret: FingerprintSecret): void {
  v0 = secret.low;
  v1 = secret.high ^ 0xee;
  v2 = 0x6c796765 ^ secret.low;
  v3 = 0x74656462 ^ secret.high;
  const { length } = bytes;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    absorb(bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
  }
  let last = length << 24;
  for (let i = whole; i < length; i++) last |= bytes[i]! << ((i - whole) << 3);
  absorb(last);
  v2 ^= 0xee;
  rounds(4);
  fingerprint.low = v1 ^ v3;
  v1 ^= 0xdd;
  rounds(4);
  fingerprint.high = v1 ^ v3;
}

function absorb(word: number): void {
  v3 ^= word;
  rounds(2);
  v0 ^= word;
}

function rounds(count: number): void {
  for (let i = 0; i < count; i++) {
    v0 = (v0 + v1) | 0;
    v1 = (v1 << 5) | (v1 >>> 27);
    v1 ^= v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = (v3 << 8) | (v3 >>> 24);
    v3 ^= v2;
    v0 = (v0 + v3) | 0;
    v3 = (v3 << 7) | (v3 >>> 25);
    v3 ^= v0;
    v2 = (v2 + v1) | 0;
    v1 = (v1 << 13) | (v1 >>> 19);
    v1 ^= v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  }
}
