// HOT: bench proxy.
// Runs `assembly/scan-fields.ts` over the bytes of a head: a fifth of what the same loop costs in JavaScript, which was
// the largest single part of a request's time. Bytes in the read buffer are scanned where they are, others (a head that
// came in pieces, trailers) in a copy.

import { readBuffer, readMemory } from "../../transport/read-buffer.ts";
import { NAME } from "../bytes.ts";
import { HEAD_FIELDS_MAX } from "../limits.ts";
import { SCAN_FIELDS } from "./generated/scan-fields.ts";

/** One field of a scan: a row of so many integers, and what stands where in it. */
export const ROW_INTS = 5;
export const ROW = { nameStart: 0, nameLength: 1, valueStart: 2, valueLength: 3, hasUnderscore: 4 } as const;

const ROWS_BYTES = (HEAD_FIELDS_MAX + 1) * ROW_INTS * Int32Array.BYTES_PER_ELEMENT;
const TABLES_BYTES = NAME.length + ROWS_BYTES;
/** The scanner reads so far behind the end. */
const OVERREAD_BYTES = 16;
const PAGE_BYTES = 65_536;

type Scan = (start: number, end: number, folds: number, rows: number, fieldsMax: number) => number;

const module = new WebAssembly.Module(Buffer.from(SCAN_FIELDS, "base64"));

/** The scanner over one memory; its tables lie at `tablesAt`. */
class MemoryScanner {
  readonly rows: Int32Array;
  private readonly scan: Scan;
  private readonly foldsAt: number;
  private readonly rowsAt: number;

  constructor(memory: WebAssembly.Memory, tablesAt: number) {
    this.foldsAt = tablesAt;
    this.rowsAt = tablesAt + NAME.length;
    new Uint8Array(memory.buffer).set(NAME, this.foldsAt);
    this.rows = new Int32Array(memory.buffer, this.rowsAt, ROWS_BYTES / Int32Array.BYTES_PER_ELEMENT);
    this.scan = new WebAssembly.Instance(module, { env: { memory } }).exports["scanFields"] as Scan;
  }

  fields(start: number, end: number, fieldsMax: number): number {
    return this.scan(start, end, this.foldsAt, this.rowsAt, fieldsMax);
  }
}

/** Where copies are scanned; grows to the longest head seen, which the limit of a head's size bounds. */
class AsideScanner {
  readonly rows: Int32Array;
  private readonly scanner: MemoryScanner;
  private readonly text: Uint8Array;

  constructor(textBytes: number) {
    const pages = Math.ceil((TABLES_BYTES + textBytes + OVERREAD_BYTES) / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.scanner = new MemoryScanner(memory, 0);
    this.rows = this.scanner.rows;
    this.text = new Uint8Array(memory.buffer, TABLES_BYTES);
  }

  holds(bytes: number): boolean {
    return bytes + OVERREAD_BYTES <= this.text.length;
  }

  /** As `MemoryScanner.fields` for a copy of `bytes[at, end)`; names come back folded. */
  fields(bytes: Uint8Array, at: number, end: number, fieldsMax: number): number {
    const length = end - at;
    this.text.set(bytes.subarray(at, end));
    const fields = this.scanner.fields(TABLES_BYTES, TABLES_BYTES + length, fieldsMax);
    if (fields > 0) bytes.set(this.text.subarray(0, length), at);
    return fields;
  }
}

const direct = new MemoryScanner(readMemory, readBuffer.length);
let aside: AsideScanner | null = null;

export class FieldScanner {
  /** A row for each field, and one more whose first integer is where the empty line stands. */
  rows: Int32Array = direct.rows;
  /** To be added to the offsets in `rows`. */
  shift = 0;

  /**
   * Finds the field lines in `bytes[at, end)` up to the empty line and folds their names to lower case. Returns how many
   * there are; -1 when more bytes are needed; else minus the status to refuse with.
   */
  scan(bytes: Uint8Array, at: number, end: number, fieldsMax: number): number {
    const atMost = fieldsMax < HEAD_FIELDS_MAX ? fieldsMax : HEAD_FIELDS_MAX;
    if (bytes !== readBuffer) return this.scanAside(bytes, at, end, atMost);
    this.rows = direct.rows;
    this.shift = 0;
    return direct.fields(at, end, atMost);
  }

  private scanAside(bytes: Uint8Array, at: number, end: number, fieldsMax: number): number {
    if (aside === null || !aside.holds(end - at)) aside = new AsideScanner(2 * (end - at));
    this.rows = aside.rows;
    this.shift = at - TABLES_BYTES;
    return aside.fields(bytes, at, end, fieldsMax);
  }
}
