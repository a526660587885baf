// Where bytes from the host land. The host asks for room by `proxy_on_memory_allocate`; what it gets lives until the
// next callback begins, so reading a header costs one addition and nothing has to be freed or collected.
//
//   block                      next                 block + BLOCK_BYTES
//   | read in this callback … | free …             |        what does not fit: chunks of the heap, linked, freed
//                                                            when the next callback begins: | next chunk | bytes … |
//
//   state   next | chunks | encoded size | callbacks | context        five words
//
// The state lies in memory and not in globals, because the host puts an instance back between two streams: a page is
// copied in one go, every mutable global costs a call.

import { Runtime } from "shared/runtime";

// With 16 KiB a small filter still fits one 64 KiB page, and putting a page back between two checks costs time.
const BLOCK_BYTES: i32 = 16 * 1024;
const CHUNK_HEADER_BYTES: i32 = 16;
/** No single value is larger than what a filter may hold in all. */
const VALUE_BYTES_MAX: u32 = 64 * 1024 * 1024;

const block: usize = memory.data(16 * 1024, 16);
const state: usize = memory.data(20, 4);
const NEXT: usize = 0;
const CHUNKS: usize = 4;
const ENCODED_SIZE: usize = 8;
const CALLBACKS: usize = 12;
const CONTEXT: usize = 16;

/** Words that hostcalls write their answers to: pointer and size, or one number. */
export const out: usize = memory.data(16, 8);

/** Room for `size` bytes until the next callback begins; 0 when there is none. */
export function allocate(size: u32): usize {
  if (size > VALUE_BYTES_MAX) return 0;
  const next = load<usize>(state, NEXT);
  const start = next == 0 ? block : next;
  const end = start + ((size + 7) & ~7);
  if (end > block + BLOCK_BYTES) return allocateChunk(size);
  store<usize>(state, end, NEXT);
  return start;
}

/** Forgets everything handed out before; called where a callback begins. `stream` is whose it is, 0 for the plugin's own. */
export function beginCallback(stream: u32): void {
  forgetAll();
  actAs(stream);
  collectNowAndThen();
}

/** Makes the whole arena free again. */
export function forgetAll(): void {
  store<usize>(state, block, NEXT);
  if (load<usize>(state, CHUNKS) != 0) freeChunks();
}

/** The answer of the last hostcall: pointer, size, or a 64-bit number in their place. */
export function outPointer(): usize {
  return <usize>load<u32>(out);
}
export function outSize(): i32 {
  return load<i32>(out, 4);
}

/** Writes `text` as UTF-8 into the arena and answers where; `encodedSize` is how many bytes. */
export function encodeText(text: string): usize {
  const room = allocate(text.length * 3);
  const size = String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, room);
  store<i32>(state, <i32>size, ENCODED_SIZE);
  return room;
}

/** Size in bytes of what `encodeText` wrote last. */
export function encodedSize(): i32 {
  return load<i32>(state, ENCODED_SIZE);
}

/** The stream that what the plugin itself asks is for; 0 for none. */
export function actAs(context: u32): void {
  store<u32>(state, context, CONTEXT);
}
export function acting(): u32 {
  return load<u32>(state, CONTEXT);
}

function allocateChunk(size: u32): usize {
  const chunk = heap.alloc(size + CHUNK_HEADER_BYTES);
  store<usize>(chunk, load<usize>(state, CHUNKS));
  store<usize>(state, chunk, CHUNKS);
  return chunk + CHUNK_HEADER_BYTES;
}

function freeChunks(): void {
  for (let chunk = load<usize>(state, CHUNKS); chunk != 0;) {
    const next = load<usize>(chunk);
    heap.free(chunk);
    chunk = next;
  }
  store<usize>(state, 0, CHUNKS);
}

// The minimal runtime collects only when told, and may only be told while no managed value is on the stack: where a
// callback begins. A filter that allocates nothing pays one addition, one that does keeps at most this many callbacks'
// garbage.
const CALLBACKS_BETWEEN_COLLECTIONS: i32 = 128;

function collectNowAndThen(): void {
  const callbacks = load<i32>(state, CALLBACKS) + 1;
  if (callbacks < CALLBACKS_BETWEEN_COLLECTIONS) {
    store<i32>(state, callbacks, CALLBACKS);
    return;
  }
  store<i32>(state, 0, CALLBACKS);
  if (ASC_RUNTIME != Runtime.Stub) __collect();
}
