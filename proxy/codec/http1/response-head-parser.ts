// HOT: bench proxy.
// Status line and fields of an upstream's answer into a Head: `:status` first. As strict as for requests: what we cannot
// be sure of would be passed on as our own word.

import type { Head } from "@sluice/abi";
import { PSEUDO } from "@sluice/abi/data-path";
import { ascii, CR, LF, SP, VALUE } from "../bytes.ts";
import { RESPONSE_HEAD_FIELDS_MAX } from "../limits.ts";
import { FieldParser, INCOMPLETE, KIND } from "./field-parser.ts";

const VERSION = ascii("HTTP/1.");

export class ResponseHeadParser {
  readonly fields = new FieldParser();
  minor = 1;
  status = 0;

  /** Reads a whole head from `bytes[at, end)`, positions from 0. The offset behind it, INCOMPLETE, or any other negative. */
  parse(bytes: Uint8Array, at: number, end: number, head: Head): number {
    for (let i = 0; i < VERSION.length; i++) {
      if (at + i >= end) return INCOMPLETE;
      if (bytes[at + i] !== VERSION[i]) return -502;
    }
    at += VERSION.length;
    // "1 200" and the byte behind it.
    if (at + 6 > end) return INCOMPLETE;
    this.minor = bytes[at]! - 0x30;
    if ((this.minor !== 1 && this.minor !== 0) || bytes[at + 1] !== SP) return -502;
    const statusStart = at + 2;
    this.status = readStatus(bytes, statusStart);
    if (this.status < 100) return -502;
    at += 5;
    if (bytes[at] === SP) while (at < end && VALUE[bytes[at]!] === 1) at++;
    if (at + 1 >= end) return INCOMPLETE;
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return -502;
    head.reset(bytes);
    head.push(PSEUDO.status.start, PSEUDO.status.length, statusStart, 3);
    return this.fields.parse(bytes, at + 2, end, head, KIND.response, 0, RESPONSE_HEAD_FIELDS_MAX);
  }
}

function readStatus(bytes: Uint8Array, at: number): number {
  const hundreds = bytes[at]! - 0x30;
  const tens = bytes[at + 1]! - 0x30;
  const ones = bytes[at + 2]! - 0x30;
  if (hundreds < 1 || hundreds > 5 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return 0;
  return hundreds * 100 + tens * 10 + ones;
}
