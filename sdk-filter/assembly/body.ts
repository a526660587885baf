// Bodies. What a body callback sees is what has been buffered so far and the chunk that just came.

import { encodeText, encodedSize, out, outPointer, outSize } from "./arena";
import { Value } from "./bytes";
import { proxy_get_buffer_bytes, proxy_set_buffer_bytes } from "./generated/hostcalls";
import { Status } from "./generated/enums";

const ALL: u32 = 0x7fffffff;

/** The body of a message, readable in its body callback. */
@final
export class Body {
  private readonly buffer: u32;
  private readonly view: Value = new Value();

  constructor(buffer: u32) {
    this.buffer = buffer;
  }

  /** The bytes from `from` on, at most `max`; empty when there are none. */
  read(from: u32 = 0, max: u32 = ALL): Value {
    const status = proxy_get_buffer_bytes(this.buffer, from, max, out, out + 4);
    if (status == Status.Ok) this.view.set(outPointer(), outSize());
    else this.view.set(0, 0);
    return this.view;
  }

  /** The whole body as a string. Allocates. */
  text(): string {
    return this.read().toString();
  }

  /** Puts `text` in the place of what is there. */
  replace(text: string): void {
    const start = encodeText(text);
    proxy_set_buffer_bytes(this.buffer, 0, ALL, start, encodedSize());
  }

  /** Puts `text` before what is there. */
  prepend(text: string): void {
    const start = encodeText(text);
    proxy_set_buffer_bytes(this.buffer, 0, 0, start, encodedSize());
  }

  /** Adds `text` at the end. */
  append(text: string): void {
    const start = encodeText(text);
    proxy_set_buffer_bytes(this.buffer, ALL, 0, start, encodedSize());
  }
}
