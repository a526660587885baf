// The state of an instance as bytes: what a stream's instance is put back to, so that nothing of one request is visible to
// the next. Tables and segments are not in it; modules that change those are not resettable and are remade instead.

const PAGE_BYTES = 65_536;

export interface Image {
  readonly memory: Uint8Array;
  readonly globals: readonly (number | bigint)[];
}

/** `globals` are the module's mutable globals, which the meter exported. */
export function takeImage(memory: WebAssembly.Memory, globals: readonly WebAssembly.Global[]): Image {
  return { memory: new Uint8Array(memory.buffer).slice(), globals: globals.map((global) => global.value) };
}

/** Memory that grew since stays grown (it cannot shrink) and is zeroed. */
export function restoreImage(image: Image, memory: WebAssembly.Memory, globals: readonly WebAssembly.Global[]): void {
  const missing = image.memory.length - memory.buffer.byteLength;
  if (missing > 0) memory.grow(missing / PAGE_BYTES);
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(image.memory);
  if (bytes.length > image.memory.length) bytes.fill(0, image.memory.length);
  for (let i = 0; i < globals.length; i++) globals[i]!.value = image.globals[i]!;
}
