// Properties by path (proxy-wasm): what has no attribute, and values that filters leave for later filters of the stream.

import { encodeText, encodedSize, out, outPointer, outSize } from "./arena";
import { Value } from "./bytes";
import { Status } from "./generated/enums";
import { proxy_get_property, proxy_set_property } from "./generated/hostcalls";

/** Paths are segments: `["request", "headers", "x-role"]`. For checks prefer `Attribute`, which is resolved once. */
export class property {
  @lazy private static readonly view: Value = new Value();

  /** The value's bytes, null when absent. Valid until the callback returns or the next read. */
  static read(path: string[]): Value | null {
    const text = encodeText(path.join("\0"));
    if (proxy_get_property(text, encodedSize(), out, out + 4) != Status.Ok) return null;
    property.view.set(outPointer(), outSize());
    return property.view;
  }

  /** Keeps a text for later filters of this stream; false when the host refuses (built-in names are read-only). */
  static set(path: string[], value: string): bool {
    const text = encodeText(path.join("\0"));
    const size = encodedSize();
    const valueStart = encodeText(value);
    return proxy_set_property(text, size, valueStart, encodedSize()) == Status.Ok;
  }
}
