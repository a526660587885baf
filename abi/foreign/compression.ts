// `compress` and `uncompress`: zlib's format, as Envoy has it. What comes out is bounded, and every byte costs fuel.

import { deflateSync, inflateSync } from "node:zlib";
import { Status } from "../spec/enums.ts";
import type { ForeignFunction } from "./foreign-function.ts";
import { COMPRESS_FUEL_PER_BYTE, UNCOMPRESS_FUEL_PER_BYTE, UNCOMPRESSED_BYTES_MAX } from "./limits.ts";

export const compress: ForeignFunction = (call) => {
  call.spend(call.args.length * COMPRESS_FUEL_PER_BYTE);
  return deflateSync(call.args);
};

export const uncompress: ForeignFunction = (call) => {
  call.spend(call.args.length * UNCOMPRESS_FUEL_PER_BYTE);
  try {
    const bytes = inflateSync(call.args, { maxOutputLength: UNCOMPRESSED_BYTES_MAX });
    call.spend(bytes.length * UNCOMPRESS_FUEL_PER_BYTE);
    return bytes;
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown)) throw thrown;
    // zlib fails where the bytes are wrong; before that it may have made as much as it may.
    call.spend(UNCOMPRESSED_BYTES_MAX * UNCOMPRESS_FUEL_PER_BYTE);
    return thrown.code === "ERR_BUFFER_TOO_LARGE" ? Status.InternalFailure : Status.SerializationFailure;
  }
};
