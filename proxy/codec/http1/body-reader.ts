// HOT: bench proxy.
// Where a message's body ends: by length, by chunks (RFC 9112 section 7.1), or with the connection. It hands out ranges
// of the reader's bytes and keeps none. Chunk extensions are read and not passed on: proxies that disagree about where
// they end have been smuggled past, so they are held to their grammar byte by byte.

import { Head } from "@sluice/abi/data-path";
import { CR, LF } from "../bytes.ts";
import {
  CHUNK_EXTENSION_BYTES_MAX,
  CHUNK_EXTENSIONS_EXCESS_MAX,
  CHUNK_SIZE_DIGITS_MAX,
  TRAILER_BYTES_MAX,
} from "../limits.ts";
import { EXTENSION, extensionAfter } from "./chunk-extension.ts";
import { FieldParser, INCOMPLETE, KIND, type RequestFieldRules } from "./field-parser.ts";
import { hasForbiddenTrailer } from "./forbidden-trailers.ts";

const TRAILER_FIELDS_MAX = 32;
const SEMICOLON = 0x3b;

/** What `BodyReader.read` stopped at. */
export const BODY = {
  /** All bytes are used up and more is to come. */
  more: 0,
  /** `dataStart`/`dataEnd` hold body bytes. */
  data: 1,
  /** As `data`, and these were the last. */
  lastData: 2,
  /** The body is over without further data. */
  end: 3,
  /** The body is over and `trailers` holds what followed it. */
  trailers: 4,
  malformed: 5,
} as const;

const STATE = {
  length: 0,
  untilClose: 1,
  size: 2,
  sizeLf: 3,
  chunk: 4,
  chunkCr: 5,
  chunkLf: 6,
  trailers: 7,
  extension: 8,
} as const;

export class BodyReader {
  dataStart = 0;
  dataEnd = 0;
  /** Offset behind what was read. */
  at = 0;
  trailers: Head | null = null;
  private state = 0;
  private remaining = 0;
  private readonly rules: RequestFieldRules | null;
  private sizeDigits = 0;
  /** Where in an extension the reader is; bytes of this chunk's, and of the body's beyond its content. */
  private extension = 0;
  private extensionBytes = 0;
  private extensionsExcess = 0;
  private fields: FieldParser | null = null;
  private trailerBytes: Uint8Array | null = null;
  private trailerLength = 0;

  /** `rules` are those of a request; null: it reads answers. */
  constructor(rules: RequestFieldRules | null) {
    this.rules = rules;
  }

  startLength(bytes: number): void {
    this.state = STATE.length;
    this.remaining = bytes;
  }

  startChunked(): void {
    this.state = STATE.size;
    this.remaining = 0;
    this.sizeDigits = 0;
    this.extensionBytes = 0;
    this.extensionsExcess = 0;
    this.trailerLength = 0;
  }

  startUntilClose(): void {
    this.state = STATE.untilClose;
  }

  /** Whether the connection's end is this body's end. */
  get endsWithConnection(): boolean {
    return this.state === STATE.untilClose;
  }

  /** Reads on from `bytes[at, end)` until there is something to tell. */
  read(bytes: Uint8Array, at: number, end: number): number {
    this.at = at;
    if (this.state === STATE.length) return this.readLength(end);
    if (this.state === STATE.untilClose) return this.takeData(end, end - at);
    return this.readChunked(bytes, end);
  }

  private readLength(end: number): number {
    if (this.at === end) return BODY.more;
    const taken = Math.min(this.remaining, end - this.at);
    this.remaining -= taken;
    this.takeData(end, taken);
    return this.remaining === 0 ? BODY.lastData : BODY.data;
  }

  private takeData(_end: number, taken: number): number {
    if (taken === 0) return BODY.more;
    this.dataStart = this.at;
    this.dataEnd = this.at += taken;
    return BODY.data;
  }

  private readChunked(bytes: Uint8Array, end: number): number {
    while (this.at < end) {
      switch (this.state) {
        case STATE.size:
          if (!this.readSizeByte(bytes[this.at++]!)) return BODY.malformed;
          break;
        case STATE.extension:
          if (!this.readExtensionByte(bytes[this.at++]!)) return BODY.malformed;
          break;
        case STATE.sizeLf:
          if (bytes[this.at++] !== LF || (this.extensionBytes > 0 && !this.countExtension())) return BODY.malformed;
          this.state = this.remaining === 0 ? STATE.trailers : STATE.chunk;
          break;
        case STATE.chunk: {
          const taken = Math.min(this.remaining, end - this.at);
          this.remaining -= taken;
          if (this.remaining === 0) this.state = STATE.chunkCr;
          return this.takeData(end, taken);
        }
        case STATE.chunkCr:
          if (bytes[this.at++] !== CR) return BODY.malformed;
          this.state = STATE.chunkLf;
          break;
        case STATE.chunkLf:
          if (bytes[this.at++] !== LF) return BODY.malformed;
          this.state = STATE.size;
          this.sizeDigits = 0;
          break;
        default:
          return this.readTrailers(bytes, end);
      }
    }
    return BODY.more;
  }

  private readSizeByte(byte: number): boolean {
    if (byte === CR) {
      this.state = STATE.sizeLf;
      return this.sizeDigits > 0;
    }
    if (byte === SEMICOLON && this.sizeDigits > 0) {
      this.state = STATE.extension;
      this.extension = EXTENSION.nameStart;
      this.extensionBytes = 1;
      return true;
    }
    const digit = hexDigit(byte);
    if (digit < 0 || ++this.sizeDigits > CHUNK_SIZE_DIGITS_MAX) return false;
    this.remaining = this.remaining * 16 + digit;
    return true;
  }

  private readExtensionByte(byte: number): boolean {
    if (++this.extensionBytes > CHUNK_EXTENSION_BYTES_MAX) return false;
    this.extension = extensionAfter(this.extension, byte);
    if (this.extension === EXTENSION.over) this.state = STATE.sizeLf;
    return this.extension !== EXTENSION.malformed;
  }

  private countExtension(): boolean {
    this.extensionsExcess = Math.max(0, this.extensionsExcess + this.extensionBytes - this.remaining);
    this.extensionBytes = 0;
    return this.extensionsExcess <= CHUNK_EXTENSIONS_EXCESS_MAX;
  }

  /** Almost always two bytes. Anything more is copied aside until it is whole. */
  private readTrailers(bytes: Uint8Array, end: number): number {
    if (this.trailerLength === 0 && end - this.at >= 2 && bytes[this.at] === CR && bytes[this.at + 1] === LF) {
      this.at += 2;
      return BODY.end;
    }
    return this.collectTrailers(bytes, end);
  }

  private collectTrailers(bytes: Uint8Array, end: number): number {
    const aside = (this.trailerBytes ??= new Uint8Array(TRAILER_BYTES_MAX));
    const fields = (this.fields ??= new FieldParser());
    const head = (this.trailers ??= new Head());
    const kind = this.rules === null ? KIND.trailers : KIND.requestTrailers;
    if (this.rules !== null) fields.rules = this.rules;
    while (this.at < end) {
      if (this.trailerLength === TRAILER_BYTES_MAX) return BODY.malformed;
      const byte = bytes[this.at++]!;
      aside[this.trailerLength++] = byte;
      if (byte !== LF) continue;
      head.reset(aside);
      const parsed = fields.parse(aside, 0, this.trailerLength, head, kind, 0, TRAILER_FIELDS_MAX);
      if (parsed === INCOMPLETE) continue;
      if (parsed < 0 || hasForbiddenTrailer(head)) return BODY.malformed;
      return head.count > 0 ? BODY.trailers : BODY.end;
    }
    return BODY.more;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const folded = byte | 0x20;
  return folded >= 0x61 && folded <= 0x66 ? folded - 0x57 : -1;
}
