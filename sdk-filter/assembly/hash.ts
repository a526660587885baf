// A hash of bytes for sampling: fast and well mixed, no secret in it. Whoever may choose the bytes can choose the outcome.

import { Value } from "./bytes";

const FNV_OFFSET: u64 = 0xcbf29ce484222325;
const FNV_PRIME: u64 = 0x100000001b3;

/** 64 bits of `value`; another `seed` gives other bits. FNV-1a, with the last step of MurmurHash3 to mix the high bits. */
export function hashOf(value: Value, seed: u64 = 0): u64 {
  let hash = FNV_OFFSET ^ seed;
  const end = value.start + value.size;
  for (let at = value.start; at < end; at++) hash = (hash ^ <u64>load<u8>(at)) * FNV_PRIME;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}
