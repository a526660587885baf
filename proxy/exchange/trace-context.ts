// HOT: bench proxy.
// A request's place in a distributed trace (W3C Trace Context, level 1): `traceparent` is continued when it is valid,
// made anew when not, and names this proxy's span as the parent of what the upstream does. Only with `tracing`.
//
//   00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
//   version  trace id                   span id          flags

import type { Head } from "@sluice/abi";

const NAME = Buffer.from("traceparent", "latin1");
const STATE = Buffer.from("tracestate", "latin1");
const LINE_START = Buffer.from("traceparent: ", "latin1");
const HEX = Buffer.from("0123456789abcdef", "latin1");
const DASH = 0x2d;
const ZERO = 0x30;
const CR = 0x0d;
const LF = 0x0a;

const TRACE_AT = 3;
const TRACE_CHARS = 32;
const SPAN_AT = 36;
const SPAN_CHARS = 16;
const FLAGS_AT = 53;
const VALUE_BYTES = 55;
/** Of the flags we know: sampled, and that the trace's id is random (level 2). */
const FLAG = { sampled: 1, random: 2 } as const;

/** Room that `join` needs behind the head's lines. */
export const TRACE_FIELD_BYTES = LINE_START.length + VALUE_BYTES + 2;

/** Lower-case hex digits to their value, all else 255. */
const VALUE_OF = new Uint8Array(256).fill(255);
for (let value = 0; value < 16; value++) VALUE_OF[HEX[value]!] = value;

export class TraceContext {
  /** The `traceparent` that goes upstream. */
  private readonly value = Uint8Array.from(Buffer.from(`00-${"0".repeat(32)}-${"0".repeat(16)}-00`, "latin1"));
  private readonly parent = new Uint8Array(SPAN_CHARS);
  private hasParent = false;
  private flags = 0;

  /**
   * Continues the trace of `head`, or begins one, and has the head name this proxy's span. `store` holds the head's
   * lines and has TRACE_FIELD_BYTES of room at `at`; `sampled` is the share of traces begun here that is sampled.
   */
  join(head: Head, store: Uint8Array, at: number, sampled: number): void {
    const field = head.find(NAME, 0, NAME.length);
    if (field >= 0 && head.find(NAME, 0, NAME.length, field + 1) < 0 && this.read(head, store, field)) {
      store.set(this.value, head.valueStart(field));
      head.table[field * 4 + 3] = VALUE_BYTES;
      return;
    }
    this.beginTrace(sampled);
    dropTraceFields(head);
    store.set(LINE_START, at);
    const valueAt = at + LINE_START.length;
    store.set(this.value, valueAt);
    store[valueAt + VALUE_BYTES] = CR;
    store[valueAt + VALUE_BYTES + 1] = LF;
    head.push(at, NAME.length, valueAt, VALUE_BYTES);
  }

  get traceId(): string {
    return latin1(this.value, TRACE_AT, TRACE_CHARS);
  }

  /** Of this proxy's part in the trace. */
  get spanId(): string {
    return latin1(this.value, SPAN_AT, SPAN_CHARS);
  }

  /** Who asked us; null where the trace begins here. */
  get parentSpanId(): string | null {
    return this.hasParent ? latin1(this.parent, 0, SPAN_CHARS) : null;
  }

  get isSampled(): boolean {
    return (this.flags & FLAG.sampled) !== 0;
  }

  private read(head: Head, bytes: Uint8Array, field: number): boolean {
    const at = head.valueStart(field);
    if (!isTraceparent(bytes, at, head.valueLength(field))) return false;
    for (let i = TRACE_AT; i < TRACE_AT + TRACE_CHARS; i++) this.value[i] = bytes[at + i]!;
    for (let i = 0; i < SPAN_CHARS; i++) this.parent[i] = bytes[at + SPAN_AT + i]!;
    this.hasParent = true;
    this.setFlags(VALUE_OF[bytes[at + FLAGS_AT + 1]!]! & (FLAG.sampled | FLAG.random));
    randomHex(this.value, SPAN_AT, SPAN_CHARS);
    return true;
  }

  private beginTrace(sampled: number): void {
    const { value } = this;
    randomHex(value, TRACE_AT, TRACE_CHARS);
    randomHex(value, SPAN_AT, SPAN_CHARS);
    this.hasParent = false;
    this.setFlags(Math.random() < sampled ? FLAG.sampled | FLAG.random : FLAG.random);
  }

  private setFlags(flags: number): void {
    this.flags = flags;
    this.value[FLAGS_AT + 1] = ZERO + flags;
  }
}

/** A later version may have more behind what version 00 has; two of one name, or one that is malformed, are none. */
function isTraceparent(bytes: Uint8Array, at: number, length: number): boolean {
  if (length < VALUE_BYTES || bytes[at + 2] !== DASH) return false;
  if (bytes[at + SPAN_AT - 1] !== DASH || bytes[at + FLAGS_AT - 1] !== DASH) return false;
  const high = VALUE_OF[bytes[at]!]!;
  const low = VALUE_OF[bytes[at + 1]!]!;
  if (high === 255 || low === 255 || (high === 15 && low === 15)) return false;
  if (high === 0 && low === 0 ? length !== VALUE_BYTES : length > VALUE_BYTES && bytes[at + VALUE_BYTES] !== DASH)
    return false;
  return (
    isId(bytes, at + TRACE_AT, TRACE_CHARS) &&
    isId(bytes, at + SPAN_AT, SPAN_CHARS) &&
    VALUE_OF[bytes[at + FLAGS_AT]!] !== 255 &&
    VALUE_OF[bytes[at + FLAGS_AT + 1]!] !== 255
  );
}

/** Small hex digits, not all of them zero. */
function isId(bytes: Uint8Array, at: number, length: number): boolean {
  let sum = 0;
  for (let i = at; i < at + length; i++) {
    const value = VALUE_OF[bytes[i]!]!;
    if (value === 255) return false;
    sum |= value;
  }
  return sum !== 0;
}

/** The head is how the request is, not an edit of it: routes are not asked again for this. */
function dropTraceFields(head: Head): void {
  const { edited, routingEdited } = head;
  head.remove(NAME);
  head.remove(STATE);
  head.edited = edited;
  head.routingEdited = routingEdited;
}

const RANDOM_BYTES = 4_096;
const random = new Uint8Array(RANDOM_BYTES);
let randomAt = RANDOM_BYTES;

/** Digits of random bytes, which are asked of the system for hundreds of requests at once. */
function randomHex(into: Uint8Array, at: number, length: number): void {
  if (randomAt + length / 2 > RANDOM_BYTES) {
    crypto.getRandomValues(random);
    randomAt = 0;
  }
  let sum = 0;
  for (let i = 0; i < length; i += 2) {
    const byte = random[randomAt++]!;
    sum |= byte;
    into[at + i] = HEX[byte >> 4]!;
    into[at + i + 1] = HEX[byte & 15]!;
  }
  if (sum === 0) into[at + length - 1] = HEX[1]!;
}

function latin1(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString("latin1");
}
