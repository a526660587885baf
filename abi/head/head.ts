// HOT: bench proxy, bench abi.
// A message head as filters and codecs see it: bytes in one buffer, positions in one Int32Array, edits in a second
// buffer. Names and values become strings only when somebody asks for one. Any codec fills it; the hostcalls read and
// edit it; a codec writes it out again. It never decides what a field means.
//
//   table, four ints a field:   nameStart | nameLength | valueStart | valueLength
//   start >= 0   offset into `bytes`  (what the codec read; borrowed until own() is called)
//   start <  0   ~start is an offset into `edits` (pseudo-header names first, then what was set since)
//
// Names are lower case (the codec folds them where it reads them, the hostcalls where they take them in). Pseudo
// headers are ordinary fields that stand first: `:method :path :authority :scheme` in a request, `:status` in a
// response. `Host` is never a field beside `:authority`.

import type { NameSet } from "./name-set.ts";

const PSEUDO_NAMES = ":method:path:authority:scheme:status";
const FIELD_INTS = 4;

/** Where each pseudo header's name stands in `edits`, as the table's (start, length). */
export const PSEUDO = {
  method: { start: ~0, length: 7 },
  path: { start: ~7, length: 5 },
  authority: { start: ~12, length: 10 },
  scheme: { start: ~22, length: 7 },
  status: { start: ~29, length: 7 },
} as const;

const pseudoBytes = Buffer.from(PSEUDO_NAMES, "latin1");
const NO_BYTES: Uint8Array = new Uint8Array(0);
const EDITS_BYTES = 512;
/** Heads are pooled: above this the buffer of edits is given back to the collector. */
const KEPT_EDITS_BYTES = 64 * 1024;

/** A message's head: fields in order, pseudo headers first. `headOf` makes one of pairs; a codec fills one in place. */
export class Head {
  /** The bytes that positive starts point into. Borrowed from the reader until `own()`. */
  bytes: Uint8Array = NO_BYTES;
  table: Int32Array = new Int32Array(32 * FIELD_INTS);
  /** Number of fields, pseudo headers included. */
  count = 0;
  edits: Uint8Array = new Uint8Array(EDITS_BYTES);
  editsLength = pseudoBytes.length;
  /** True once anything was edited since the codec filled it. */
  edited = false;
  /** True once a field that routing may look at was edited; whoever routes again clears it. */
  routingEdited = false;
  /** Whoever fills the head keeps its bytes as long as anybody may read them: `own` has nothing to do. */
  isLasting = false;
  /** A field was let in that is for the driver alone: it takes it out before anybody else sees the head. */
  hasPrivateField = false;
  /** Header names that routes match on, pseudo headers aside; null: any. Set by whoever fills the head. */
  routedNames: NameSet | null = null;
  /** While set, names that are looked up are noted here: what a check read. */
  reads: NameSet | null = null;
  /** While set, names that are edited are noted here: which checks saw something else. */
  editedNames: NameSet | null = null;
  private owned: Uint8Array = NO_BYTES;
  private isSaved = false;
  private savedTable: Int32Array = new Int32Array(0);
  private savedCount = 0;
  private savedEditsLength = 0;
  private savedEdited = false;
  private savedRoutingEdited = false;

  constructor() {
    this.edits.set(pseudoBytes);
  }

  /** Empties the head for the next message. `bytes` is what the next `push` calls point into. */
  reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.count = 0;
    if (this.edits.length > KEPT_EDITS_BYTES) this.shrinkEdits();
    this.editsLength = pseudoBytes.length;
    this.edited = false;
    this.routingEdited = false;
    this.hasPrivateField = false;
    this.isLasting = false;
    this.routedNames = null;
    this.reads = null;
    this.editedNames = null;
    this.isSaved = false;
  }

  /** Remembers the head as it is, until `commit` or `rollback`; saving a saved head keeps the first state. */
  save(): void {
    if (this.isSaved) return;
    const ints = this.count * FIELD_INTS;
    if (this.savedTable.length < ints) this.savedTable = new Int32Array(this.table.length);
    // A loop beats set(subarray()) up to some 40 fields, as it makes no view.
    for (let at = 0; at < ints; at++) this.savedTable[at] = this.table[at]!;
    this.savedCount = this.count;
    this.savedEditsLength = this.editsLength;
    this.savedEdited = this.edited;
    this.savedRoutingEdited = this.routingEdited;
    this.isSaved = true;
  }

  /** The edits since `save` stay. */
  commit(): void {
    this.isSaved = false;
  }

  /** The edits since `save` are undone: `edits` only grows, so positions and lengths are all there is to put back. */
  rollback(): void {
    if (!this.isSaved) return;
    const ints = this.savedCount * FIELD_INTS;
    for (let at = 0; at < ints; at++) this.table[at] = this.savedTable[at]!;
    this.count = this.savedCount;
    this.editsLength = this.savedEditsLength;
    this.edited = this.savedEdited;
    this.routingEdited = this.savedRoutingEdited;
    this.isSaved = false;
  }

  /** Adds a field by position (codec only): starts as the table has them, name already lower case. */
  push(nameStart: number, nameLength: number, valueStart: number, valueLength: number): void {
    const at = this.count * FIELD_INTS;
    if (at === this.table.length) this.growTable();
    const table = this.table;
    table[at] = nameStart;
    table[at + 1] = nameLength;
    table[at + 2] = valueStart;
    table[at + 3] = valueLength;
    this.count++;
  }

  /** Copies the borrowed bytes, so that the head outlives the reader's buffer. Called when a stream is paused. */
  own(): void {
    if (this.isLasting || this.bytes === this.owned || this.bytes.length === 0) return;
    // Only the span that fields point into is kept; positions are moved to its start.
    let low = this.bytes.length;
    let high = 0;
    const end = this.count * FIELD_INTS;
    const table = this.table;
    for (let at = 0; at < end; at += 2) {
      const start = table[at]!;
      if (start < 0) continue;
      if (start < low) low = start;
      if (start + table[at + 1]! > high) high = start + table[at + 1]!;
    }
    if (high < low) low = high = 0;
    // What sockets give are Buffers, whose own `slice` is a view and no copy.
    this.owned = Uint8Array.prototype.slice.call(this.bytes, low, high);
    for (let at = 0; at < end; at += 2) if (table[at]! >= 0) table[at]! -= low;
    this.bytes = this.owned;
  }

  /** The buffer a start points into, and the offset in it, for readers that loop over bytes themselves. */
  bufferOf(start: number): Uint8Array {
    return start < 0 ? this.edits : this.bytes;
  }

  nameStart(field: number): number {
    return this.table[field * FIELD_INTS]!;
  }
  nameLength(field: number): number {
    return this.table[field * FIELD_INTS + 1]!;
  }
  valueStart(field: number): number {
    return this.table[field * FIELD_INTS + 2]!;
  }
  valueLength(field: number): number {
    return this.table[field * FIELD_INTS + 3]!;
  }

  /** The field's value as a view, valid until the head changes. Copy to keep. */
  value(field: number): Uint8Array {
    const start = this.valueStart(field);
    const offset = start < 0 ? ~start : start;
    return this.bufferOf(start).subarray(offset, offset + this.valueLength(field));
  }

  /** The field's value as a string of its bytes (latin1: one char a byte, so nothing is lost or merged). */
  valueString(field: number): string {
    return this.latin1(this.valueStart(field), this.valueLength(field));
  }

  nameString(field: number): string {
    return this.latin1(this.nameStart(field), this.nameLength(field));
  }

  /** First field from `from` on whose name equals `name[at, at + length)` without regard to case; -1 when there is none. */
  find(name: Uint8Array, at: number, length: number, from = 0): number {
    if (this.reads !== null) this.reads.add(name, at, length);
    return this.fieldOf(name, at, length, from);
  }

  /** `find` that is nobody's read: for edits and for the host's own questions. */
  private fieldOf(name: Uint8Array, at: number, length: number, from: number): number {
    const table = this.table;
    const end = this.count * FIELD_INTS;
    for (let entry = from * FIELD_INTS; entry < end; entry += FIELD_INTS) {
      if (table[entry + 1] !== length) continue;
      const start = table[entry]!;
      const source = start < 0 ? this.edits : this.bytes;
      const offset = start < 0 ? ~start : start;
      let i = 0;
      while (i < length) {
        const have = source[offset + i]!;
        const wanted = name[at + i]!;
        // Names are asked for in lower case nearly always; ours always are.
        if (have !== wanted && (have < 0x61 || have > 0x7a || have !== (wanted | 0x20))) break;
        i++;
      }
      if (i === length) return entry / FIELD_INTS;
    }
    return -1;
  }

  /** `find` for callers that hold a string; control path, tests and rare names only. */
  findName(name: string, from = 0): number {
    const bytes = Buffer.from(name, "latin1");
    return this.find(bytes, 0, bytes.length, from);
  }

  /** The first value under `name` as a latin1 string, null when absent. */
  get(name: string): string | null {
    const field = this.findName(name);
    return field < 0 ? null : this.valueString(field);
  }

  /** Appends a field; the bytes are copied and the name folded to lower case. */
  append(name: Uint8Array, value: Uint8Array): void {
    const nameStart = this.store(name, true);
    const valueStart = this.store(value, false);
    this.push(nameStart, name.length, valueStart, value.length);
    this.noteEdit(name);
  }

  /** Sets the first field under `name` to `value` and removes the others; appends when there is none. */
  replace(name: Uint8Array, value: Uint8Array): void {
    const field = this.fieldOf(name, 0, name.length, 0);
    if (field < 0) {
      this.append(name, value);
      return;
    }
    const valueStart = this.store(value, false);
    this.table[field * FIELD_INTS + 2] = valueStart;
    this.table[field * FIELD_INTS + 3] = value.length;
    for (let next = this.fieldOf(name, 0, name.length, field + 1); next >= 0;) {
      this.removeField(next);
      next = this.fieldOf(name, 0, name.length, next);
    }
    this.noteEdit(name);
  }

  /** Removes every field under `name`; returns how many there were. */
  remove(name: Uint8Array): number {
    let removed = 0;
    for (let field = this.fieldOf(name, 0, name.length, 0); field >= 0;) {
      this.removeField(field);
      removed++;
      field = this.fieldOf(name, 0, name.length, field);
    }
    if (removed > 0) this.noteEdit(name);
    return removed;
  }

  /** Removes every field, for a map that is replaced as a whole. */
  clear(): void {
    this.count = 0;
    this.edited = true;
    this.routingEdited = true;
    if (this.editedNames !== null) this.editedNames.addAll();
  }

  /** String forms of the edits, for the control path and tests. Values are latin1. */
  set(name: string, value: string): void {
    this.replace(Buffer.from(name, "latin1"), Buffer.from(value, "latin1"));
  }
  add(name: string, value: string): void {
    this.append(Buffer.from(name, "latin1"), Buffer.from(value, "latin1"));
  }
  delete(name: string): number {
    return this.remove(Buffer.from(name, "latin1"));
  }

  /** Every field as strings, in order; for logs and tests. */
  toPairs(): [string, string][] {
    return Array.from({ length: this.count }, (_, field) => [this.nameString(field), this.valueString(field)]);
  }

  /** Becomes an independent copy of `other`. */
  copyFrom(other: Head): void {
    this.reset(NO_BYTES);
    for (let field = 0; field < other.count; field++) {
      const start = other.nameStart(field);
      const offset = start < 0 ? ~start : start;
      this.append(other.bufferOf(start).subarray(offset, offset + other.nameLength(field)), other.value(field));
    }
    this.edited = other.edited;
    this.routingEdited = other.routingEdited;
  }

  /**
   * Becomes a view of `other` that may be edited without changing it: the bytes stay `other`'s, so it is valid until `other`
   * changes. For what is written out at once.
   */
  borrow(other: Head): void {
    const ints = other.count * FIELD_INTS;
    if (this.table.length < ints) this.table = new Int32Array(other.table.length);
    for (let at = 0; at < ints; at++) this.table[at] = other.table[at]!;
    this.bytes = other.bytes;
    this.count = other.count;
    // Edits of this view go behind those of `other`, where it has written nothing yet.
    this.edits = other.edits;
    this.editsLength = other.editsLength;
    this.edited = other.edited;
    this.routingEdited = other.routingEdited;
    this.routedNames = null;
    this.reads = null;
    this.editedNames = null;
    this.isSaved = false;
  }

  /** Becomes a second head over `other`'s bytes, with edits of its own; valid as long as they are. */
  shareFrom(other: Head): void {
    this.reset(other.bytes);
    const ints = other.count * FIELD_INTS;
    if (this.table.length < ints) this.table = new Int32Array(other.table.length);
    for (let at = 0; at < ints; at++) this.table[at] = other.table[at]!;
    this.count = other.count;
    if (other.editsLength > this.edits.length) this.growEdits(other.editsLength);
    this.edits.set(other.edits.subarray(0, other.editsLength));
    this.editsLength = other.editsLength;
    this.edited = other.edited;
    this.routingEdited = other.routingEdited;
  }

  /** Puts bytes into the edits and returns their start as the table has it. */
  store(source: Uint8Array, lowerCase: boolean): number {
    const at = this.editsLength;
    const end = at + source.length;
    if (end > this.edits.length) this.growEdits(end);
    const edits = this.edits;
    if (lowerCase) {
      for (let i = 0; i < source.length; i++) {
        const byte = source[i]!;
        edits[at + i] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
      }
    } else {
      edits.set(source, at);
    }
    this.editsLength = end;
    return ~at;
  }

  private removeField(field: number): void {
    const at = field * FIELD_INTS;
    this.table.copyWithin(at, at + FIELD_INTS, this.count * FIELD_INTS);
    this.count--;
  }

  private noteEdit(name: Uint8Array): void {
    this.edited = true;
    if (this.editedNames !== null) this.editedNames.add(name, 0, name.length);
    if (this.routingEdited) return;
    const isPseudo = name[0] === 0x3a;
    this.routingEdited = isPseudo || this.routedNames === null || this.routedNames.has(name, 0, name.length);
  }

  private latin1(start: number, length: number): string {
    const source = this.bufferOf(start);
    const offset = start < 0 ? ~start : start;
    return Buffer.from(source.buffer, source.byteOffset + offset, length).toString("latin1");
  }

  private growTable(): void {
    const larger = new Int32Array(this.table.length * 2);
    larger.set(this.table);
    this.table = larger;
  }

  private shrinkEdits(): void {
    this.edits = new Uint8Array(EDITS_BYTES);
    this.edits.set(pseudoBytes);
  }

  private growEdits(atLeast: number): void {
    const larger = new Uint8Array(Math.max(atLeast, this.edits.length * 2));
    larger.set(this.edits);
    this.edits = larger;
  }
}

/** A head made of pairs, for local replies, callouts, request files and tests. Values are latin1. */
export function headOf(pairs: readonly (readonly [string, string])[]): Head {
  const head = new Head();
  for (const [name, value] of pairs) head.add(name, value);
  head.edited = false;
  head.routingEdited = false;
  return head;
}
