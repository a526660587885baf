// HOT: bench abi.
// The state of an instance as bytes: what a stream's instance is put back to, so that nothing of one request is visible to
// the next. Tables and segments are not in it; modules that change those are not resettable and are remade instead.

const PAGE_BYTES = 65_536;

export interface Image {
  /** Memory up to its last byte that is not 0: most of a heap is zeros, and filling is half the work of copying. */
  readonly bytes: Uint8Array;
  readonly memoryBytes: number;
  readonly globals: readonly (number | bigint)[];
}

/** `globals` are the module's mutable globals, which the meter exported. */
export function takeImage(memory: Uint8Array, globals: readonly WebAssembly.Global[]): Image {
  let used = memory.length;
  while (used > 0 && memory[used - 1] === 0) used--;
  return {
    bytes: memory.slice(0, used),
    memoryBytes: memory.length,
    globals: globals.map((global) => global.value),
  };
}

/** Makes a fresh instance's memory as large as the image's. */
export function growTo(image: Image, memory: WebAssembly.Memory): void {
  const missing = image.memoryBytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(missing / PAGE_BYTES);
}

/** `memory` is at least as large as the image's: what grew since stays grown (it cannot shrink) and is zeroed. */
export function restoreImage(image: Image, memory: Uint8Array, globals: readonly WebAssembly.Global[]): void {
  memory.set(image.bytes);
  memory.fill(0, image.bytes.length);
  for (let i = 0; i < globals.length; i++) globals[i]!.value = image.globals[i]!;
}
