// Data shared by all workers of a proxy: values under keys, changed by compare-and-swap. Needs the capability
// `sharedData`, and makes a check depend on more than the request.

import { encodeText, encodedSize, out, outPointer, outSize } from "./arena";
import { Text, Value } from "./bytes";
import { Status } from "./generated/enums";
import { proxy_get_shared_data, proxy_set_shared_data } from "./generated/hostcalls";

/** One shared value. */
@final
export class SharedData {
  /** What the last `read` saw, for `swap`; 0 before. */
  private seen: u32 = 0;
  private readonly key: Text;
  private readonly view: Value = new Value();

  constructor(key: string) {
    this.key = Text.of(key);
  }

  /** The value's bytes, null when there is none. Valid until the callback returns or the next read. */
  read(): Value | null {
    const status = proxy_get_shared_data(this.key.start, this.key.size, out, out + 4, out + 8);
    if (status != Status.Ok) return null;
    this.seen = load<u32>(out, 8);
    this.view.set(outPointer(), outSize());
    return this.view;
  }

  /** Sets it whatever it is now. */
  set(value: string): bool {
    return this.write(value, 0);
  }

  /** Sets it unless somebody else did since the last `read`; false then: read again and decide anew. */
  swap(value: string): bool {
    return this.write(value, this.seen);
  }

  private write(value: string, seen: u32): bool {
    const start = encodeText(value);
    return proxy_set_shared_data(this.key.start, this.key.size, start, encodedSize(), seen) == Status.Ok;
  }
}
