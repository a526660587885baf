// Where bytes from the host land. The host asks for room by `proxy_on_memory_allocate`; what it gets lives until the
// next callback begins, so reading a header costs one addition and nothing has to be freed or collected.
//
//   block                      next                 block + BLOCK_BYTES
//   | read in this callback … | free …             |        what does not fit: chunks of the heap, linked, freed
//                                                            when the next callback begins: | next chunk | bytes … |

import { Runtime } from "shared/runtime";

// With 16 KiB a small filter still fits one 64 KiB page, and putting a page back between two checks costs time.
const BLOCK_BYTES: i32 = 16 * 1024;
const CHUNK_HEADER_BYTES: i32 = 16;
/** No single value is larger than what a filter may hold in all. */
const VALUE_BYTES_MAX: u32 = 64 * 1024 * 1024;

const block: usize = memory.data(16 * 1024, 16);
/** Two words that hostcalls write their answers to: pointer and size, or one number. */
export const out: usize = memory.data(16, 8);

let next: usize = 0;
let chunks: usize = 0;

/** Room for `size` bytes until the next callback begins; 0 when there is none. */
export function allocate(size: u32): usize {
  if (next == 0) next = block;
  if (size > VALUE_BYTES_MAX) return 0;
  const end = next + ((size + 7) & ~7);
  if (end > block + BLOCK_BYTES) return allocateChunk(size);
  const start = next;
  next = end;
  return start;
}

/** Forgets everything handed out before; called where a callback begins. */
export function beginCallback(): void {
  next = block;
  if (chunks != 0) freeChunks();
  collectNowAndThen();
}

/** The answer of the last hostcall: pointer, size, or a 64-bit number in their place. */
export function outPointer(): usize {
  return <usize>load<u32>(out);
}
export function outSize(): i32 {
  return load<i32>(out, 4);
}

/** Writes `text` as UTF-8 into the arena; the bytes start where it says, `outTextSize` is their number. */
export function encodeText(text: string): usize {
  const room = allocate(text.length * 3);
  encodedSize = <i32>String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, room);
  return room;
}
/** Size in bytes of what `encodeText` wrote last. */
export let encodedSize: i32 = 0;

function allocateChunk(size: u32): usize {
  const chunk = heap.alloc(size + CHUNK_HEADER_BYTES);
  store<usize>(chunk, chunks);
  chunks = chunk;
  return chunk + CHUNK_HEADER_BYTES;
}

function freeChunks(): void {
  while (chunks != 0) {
    const chunk = chunks;
    chunks = load<usize>(chunk);
    heap.free(chunk);
  }
}

// The minimal runtime collects only when told, and may only be told while no managed value is on the stack: where a
// callback begins. A filter that allocates nothing pays one addition, one that does keeps at most this many callbacks'
// garbage.
const CALLBACKS_BETWEEN_COLLECTIONS: i32 = 128;
let callbacks: i32 = 0;

function collectNowAndThen(): void {
  if (++callbacks < CALLBACKS_BETWEEN_COLLECTIONS) return;
  callbacks = 0;
  if (ASC_RUNTIME != Runtime.Stub) __collect();
}
