// HOT: bench abi.
// What a hostcall knows of the guest that called it: memory, the context it acts on, the effects it queued, what it may
// still make the host keep. One per instance. Imports are shared by all instances of a plugin, so the running one sits
// in a module-level slot that Instance sets around each call into a guest.

import { ContextTable } from "./context-table.ts";
import { BLOCK_SHIFT } from "../module/limits.ts";
import { LogLevel, Status } from "../spec/enums.ts";
import type { Arrival, CalloutBook, CalloutListener } from "./callout-book.ts";
import type { Effect } from "./effects.ts";
import { BYTES_PER_FUEL, CALLBACK_HELD_BYTES_MAX, LAST_WORDS_BYTES, START_FUEL, TEXT_FUEL_PER_BYTE } from "./limits.ts";
import { printable } from "./log-text.ts";
import { ForbiddenMoment, HostFuelSpent } from "./guest-exit.ts";
import { blocksOf } from "./image.ts";
import { OutputLine, type OutputLevel } from "./output-line.ts";
import type { PluginScope } from "./plugin-scope.ts";
import type { StreamContext } from "./stream-context.ts";

/** A context of an instance: the root's (stream null) or a stream's. */
export interface GuestContext {
  readonly id: number;
  readonly stream: StreamContext | null;
  readonly slot: number;
}

/** Stands for "no context": while a module starts and while its allocator runs. */
export const VM_CONTEXT: GuestContext = { id: 0, stream: null, slot: 0 };

/**
 * Nothing restricts hostcalls, or the module is starting, or its allocator runs on the host's behalf, or it is being found
 * out whether a stream's context can be made without the host.
 */
export const OPEN = 0;
export const STARTING = 1;
export const ALLOCATING = 2;
export const PROBING = 3;
export type Restriction = typeof OPEN | typeof STARTING | typeof ALLOCATING | typeof PROBING;

type Allocate = (size: number) => number;

const NO_MEMORY = new Uint8Array(0);
const BORROWED_BYTES_MAX = 64;
const borrowed: (Uint8Array | undefined)[] = Array.from({ length: BORROWED_BYTES_MAX + 1 });
export const NO_FAILURE: LastStatus = { code: Status.Ok, message: NO_MEMORY };

/** What `proxy_get_status` answers. */
export interface LastStatus {
  readonly code: number;
  readonly message: Uint8Array;
}

/** Enough for two words of 8 bytes. */
const SCRATCH_BYTES = 16;

// Copying by hand wins below this length; Uint8Array.set has a fixed cost of about 30 ns.
const COPY_BY_HAND_BYTES = 64;

/** What `allocate` answers when the guest gave nothing usable. Not an address: the last byte of no memory we allow. */
const NO_BLOCK = 0xffff_ffff;

export class Caller {
  readonly scope: PluginScope;
  /** Live contexts by id. */
  readonly contexts = new ContextTable();
  /** The context hostcalls act on: that of the callback, or the effective one. */
  acting: GuestContext = VM_CONTEXT;
  /** The export that runs, null between calls. */
  callback: string | null = null;
  /** Effects queued by the running callback, in order; performed when its guest frame has returned. */
  readonly effects: Effect[] = [];
  /** Bytes the running callback made the host keep. */
  heldBytes = 0;
  /** True while the root said "not done" and was told to end. */
  rootPendingDone = false;
  /** The beginning of what the running callback logged as critical or wrote to stderr. */
  private words: string | null = null;
  /** What the running callback wrote to stdout or stderr and did not end yet. */
  output: OutputLine | null = null;
  /** Fuel for work done by the host on behalf of the running callback; over `hostFuelMax` the guest ends. */
  hostFuel = 0;
  hostFuelMax = START_FUEL;
  /** What the running callback tells of, when it came from outside. */
  arrival: Arrival | null = null;
  /** How the last callout that failed did. */
  lastStatus = NO_FAILURE;
  /** What the guest has out; null until it calls out, see `calloutBook`. */
  callouts: CalloutBook | null = null;
  /** The instance, which hears of what comes from outside. */
  listener: CalloutListener | null = null;
  /** Of `scratch`; 0 until it is asked for. */
  scratchAt = 0;
  /** Blocks of memory that the host wrote since the instance was last put back, as the bits of image.ts. */
  written = 0;
  private memory: WebAssembly.Memory | null = null;
  private allocator: Allocate | null = null;
  private cachedBytes: Uint8Array = NO_MEMORY;
  private cachedView: DataView = new DataView(NO_MEMORY.buffer);

  constructor(scope: PluginScope) {
    this.scope = scope;
  }

  /** After instantiation: before it a guest has no memory that the host could reach, and every pointer is out of range. */
  attach(memory: WebAssembly.Memory, allocator: Allocate | null): void {
    this.memory = memory;
    this.allocator = allocator;
  }

  /** Instance only: a callback begins, and has ended. */
  begin(context: GuestContext, callback: string): void {
    this.acting = context;
    this.callback = callback;
    this.heldBytes = 0;
    this.hostFuel = 0;
    this.words = null;
  }
  end(): void {
    if (this.output !== null) this.endOutput();
    this.acting = VM_CONTEXT;
    this.callback = null;
  }

  /** Guest memory. Ask anew after every call into the guest: growth detaches the view, which then reads length 0. */
  get bytes(): Uint8Array {
    if (this.cachedBytes.byteLength === 0) this.renew();
    return this.cachedBytes;
  }

  get view(): DataView {
    if (this.cachedBytes.byteLength === 0) this.renew();
    return this.cachedView;
  }

  /** Is [ptr, ptr + size) in memory? Also asked for size 0. Guests hand pointers over as signed numbers. */
  has(ptr: number, size: number): boolean {
    return (ptr >>> 0) + (size >>> 0) <= this.bytes.length;
  }

  /** A view of guest memory, valid until the next call into the guest. The range was checked. */
  slice(ptr: number, size: number): Uint8Array {
    return this.bytes.subarray(ptr >>> 0, (ptr >>> 0) + (size >>> 0));
  }

  /** A short range's bytes, valid until the next call: the array is used again, where a view would be made anew. */
  borrow(ptr: number, size: number): Uint8Array {
    const length = size >>> 0;
    if (length > BORROWED_BYTES_MAX) return this.slice(ptr, size);
    const bytes = (borrowed[length] ??= new Uint8Array(length));
    const source = this.bytes;
    for (let i = 0, at = ptr >>> 0; i < length; i++, at++) bytes[i] = source[at]!;
    return bytes;
  }

  /** As `slice`, to write to. Memory is put back by the blocks noted here and by the guest: no other way to write may be used. */
  writable(ptr: number, size: number): Uint8Array {
    this.noteWrite(ptr >>> 0, size >>> 0);
    return this.slice(ptr, size);
  }

  /** Before the host writes there through `bytes` or `view`. */
  noteWrite(ptr: number, length: number): void {
    this.written |= blocksOf(ptr, length);
  }

  /** The same for at most 8 bytes: where they reach into the next block, the image's overhang covers them. */
  noteWord(ptr: number): void {
    this.written |= 1 << (ptr >>> BLOCK_SHIFT);
  }

  /** A copy of guest memory, for what outlives the call. */
  copy(ptr: number, size: number): Uint8Array {
    return this.bytes.slice(ptr >>> 0, (ptr >>> 0) + (size >>> 0));
  }

  latin1(ptr: number, size: number): string {
    const bytes = this.bytes;
    return Buffer.from(bytes.buffer, ptr >>> 0, size >>> 0).toString("latin1");
  }

  setU32(ptr: number, value: number): void {
    this.noteWord(ptr);
    this.view.setInt32(ptr >>> 0, value | 0, true);
  }

  setU64(ptr: number, value: bigint): void {
    this.noteWord(ptr);
    this.view.setBigUint64(ptr >>> 0, BigInt.asUintN(64, value), true);
  }

  /**
   * Answers with bytes: a fresh block from the guest's allocator, its address and size at the two out pointers. An empty
   * value is address 0 and no block, because the allocators of Go and Rust do not take 0. `source` must not be guest
   * memory: it may move while the block is made.
   */
  returnBytes(source: Uint8Array, start: number, length: number, ptrOut: number, sizeOut: number): number {
    // Before anything can be refused: what is returned was put together at some cost.
    this.charge(length);
    if (!this.has(ptrOut, 4) || !this.has(sizeOut, 4)) return Status.InvalidMemoryAccess;
    let block = 0;
    if (length > 0) {
      block = this.allocate(length);
      if (block === NO_BLOCK) return Status.InvalidMemoryAccess;
      this.put(block, source, start, length);
    }
    this.noteWord(ptrOut);
    this.noteWord(sizeOut);
    const view = this.view;
    view.setInt32(ptrOut >>> 0, block | 0, true);
    view.setInt32(sizeOut >>> 0, length, true);
    return Status.Ok;
  }

  /**
   * A block for the caller to fill through `bytes`; -1 when the guest gives none. The out pointers are written, so the
   * caller must fill it. For values that are built in place.
   */
  returnBlock(length: number, ptrOut: number, sizeOut: number): number {
    this.charge(length);
    if (!this.has(ptrOut, 4) || !this.has(sizeOut, 4)) return -1;
    const block = length === 0 ? 0 : this.allocate(length);
    if (block === NO_BLOCK) return -1;
    this.noteWrite(block, length);
    this.setU32(ptrOut, block);
    this.setU32(sizeOut, length);
    return block;
  }

  /** `returnBytes` where an out pointer of 0 says that its word is not wanted. */
  returnWanted(source: Uint8Array, ptrOut: number, sizeOut: number): number {
    if (ptrOut !== 0 && sizeOut !== 0) return this.returnBytes(source, 0, source.length, ptrOut, sizeOut);
    this.charge(source.length);
    if (!this.has(ptrOut, 4) || !this.has(sizeOut, 4)) return Status.InvalidMemoryAccess;
    if (ptrOut !== 0) {
      const block = source.length === 0 ? 0 : this.allocate(source.length);
      if (block === NO_BLOCK) return Status.InvalidMemoryAccess;
      this.put(block, source, 0, source.length);
      this.setU32(ptrOut, block);
    }
    if (sizeOut !== 0) this.setU32(sizeOut, source.length);
    return Status.Ok;
  }

  /**
   * Address of SCRATCH_BYTES in the guest's memory for the host's own use, until the instance is put back; -1 when the guest
   * gives none. Taken once: a block for each use would have to be freed, which no host can.
   */
  scratch(): number {
    if (this.scratchAt === 0) {
      const block = this.allocate(SCRATCH_BYTES);
      if (block === NO_BLOCK) return -1;
      this.scratchAt = block;
    }
    this.noteWrite(this.scratchAt, SCRATCH_BYTES);
    return this.scratchAt;
  }

  /** The line that is being written at this level. What another descriptor has begun is over. */
  outputLine(level: OutputLevel): OutputLine {
    if (this.output !== null && (this.output.level !== level || this.output.isFull)) this.endOutput();
    return (this.output ??= new OutputLine(level));
  }

  /** Logs the line that was being written; the end of the callback ends it too. */
  endOutput(): void {
    const { level, bytes } = this.output!;
    this.output = null;
    if (bytes.length === 0) return;
    this.scope.logGuest(level, this.acting.id, bytes);
    if (level === LogLevel.Error) this.rememberWords(bytes);
  }

  /** Keeps what a guest says before it gives up, for the failure's message: Rust in one piece, Go in lines. */
  rememberWords(bytes: Uint8Array): void {
    const before = this.words;
    if (before === null) this.words = printable(bytes, LAST_WORDS_BYTES);
    else if (before.length < LAST_WORDS_BYTES) this.words = `${before} ${printable(bytes, LAST_WORDS_BYTES)}`;
  }

  /** Of the callback that failed; what it had not said to the end counts. */
  get lastWords(): string | null {
    if (this.output !== null) this.endOutput();
    return this.words;
  }

  /** A property of the plugin, the stream acted on, or the node; null when absent. */
  property(path: string): Uint8Array | null {
    const own = this.scope.ownProperty(path);
    if (own !== null) return own;
    const { stream, slot } = this.acting;
    const value = stream === null ? null : stream.property(slot, path);
    return value ?? this.scope.services.nodeProperty(path);
  }

  /** Counts bytes the host is about to keep for the guest; false when the callback is over its bound. */
  hold(length: number): boolean {
    this.heldBytes += length;
    this.charge(length);
    return this.heldBytes <= CALLBACK_HELD_BYTES_MAX;
  }

  /**
   * Moving bytes costs fuel by length, as bulk memory does in the guest. Counted here and not in the guest's global:
   * setting and reading one costs 30 ns, a third of most hostcalls.
   */
  charge(length: number): void {
    this.spend(Math.ceil(length / BYTES_PER_FUEL));
  }

  /** Text of the guest's, made safe to print: decoding and escaping cost many times what a copy does. */
  text(ptr: number, size: number, bytesMax: number): string {
    this.spend(Math.min(size >>> 0, bytesMax) * TEXT_FUEL_PER_BYTE);
    return printable(this.slice(ptr, size), bytesMax);
  }

  /** Work of the host that is not a copy. */
  spend(fuel: number): void {
    this.hostFuel += fuel;
    if (this.hostFuel > this.hostFuelMax) throw new HostFuelSpent();
  }

  private allocate(size: number): number {
    const allocator = this.allocator;
    if (allocator === null) return NO_BLOCK;
    const acting = this.acting;
    const restriction = restricted;
    this.acting = VM_CONTEXT;
    restricted = ALLOCATING;
    // Without finally: a trap in here passes through the guest to the outermost frame, which puts both back.
    const block = allocator(size) >>> 0;
    restricted = restriction;
    this.acting = acting;
    return block !== 0 && this.has(block, size) ? block : NO_BLOCK;
  }

  private put(ptr: number, source: Uint8Array, start: number, length: number): void {
    this.noteWrite(ptr, length);
    const bytes = this.bytes;
    if (length > COPY_BY_HAND_BYTES) {
      bytes.set(source.subarray(start, start + length), ptr);
      return;
    }
    for (let i = 0; i < length; i++) bytes[ptr + i] = source[start + i]!;
  }

  private renew(): void {
    if (this.memory === null) return;
    const buffer = this.memory.buffer;
    this.cachedBytes = new Uint8Array(buffer);
    this.cachedView = new DataView(buffer);
  }
}

const MOMENTS = {
  [STARTING]: "the module starts",
  [ALLOCATING]: "its allocator runs",
  [PROBING]: "a context is made ahead",
} as const;

let running: Caller | null = null;
let restricted: Restriction = OPEN;

/** The guest that makes this hostcall. Throws, which ends the guest, where only a few hostcalls are allowed. */
export function caller(): Caller {
  if (restricted !== OPEN) throw new ForbiddenMoment(MOMENTS[restricted]);
  return running!;
}

/** The same for the hostcalls that are allowed at every moment: log and a few of WASI. */
export function callerAnytime(): Caller {
  if (restricted === PROBING) throw new ForbiddenMoment(MOMENTS[PROBING]);
  return running!;
}

/** The same for hostcalls that a starting module may make, but not an allocator. */
export function callerWhileStarting(): Caller {
  if (restricted === ALLOCATING || restricted === PROBING) throw new ForbiddenMoment(MOMENTS[restricted]);
  return running!;
}

/** Instance only: what was running before, to be given back to `leave`. */
export function runningCaller(): Caller | null {
  return running;
}
export function runningRestriction(): Restriction {
  return restricted;
}
export function enter(next: Caller, restriction: Restriction): void {
  running = next;
  restricted = restriction;
}
export function leave(previous: Caller | null, restriction: Restriction): void {
  running = previous;
  restricted = restriction;
}
