// Functions of the host by name, for what the ABI has no call for. Needs the capability `foreign`.

import { encodeText, encodedSize, out, outPointer, outSize } from "./arena";
import { Text, Value } from "./bytes";
import { BufferType, Status } from "./generated/enums";
import { proxy_call_foreign_function } from "./generated/hostcalls";
import { Body } from "./body";

/** One function of the host. */
@final
export class ForeignFunction {
  /** Status of the last call: 0 is Ok, 1 NotFound where the host has no such function. */
  status: i32 = 0;
  private readonly name: Text;
  private readonly view: Value = new Value();

  constructor(name: string) {
    this.name = Text.of(name);
  }

  /** Its result, null when it failed. Valid until the callback returns or the next call. */
  call(text: string = ""): Value | null {
    const start = encodeText(text);
    return this.callWith(start, encodedSize());
  }

  callBytes(bytes: ArrayBuffer): Value | null {
    return this.callWith(changetype<usize>(bytes), bytes.byteLength);
  }

  private callWith(start: usize, size: i32): Value | null {
    const name = this.name;
    this.status = proxy_call_foreign_function(name.start, name.size, start, size, out, out + 4);
    if (this.status != Status.Ok) return null;
    this.view.set(outPointer(), outSize());
    return this.view;
  }
}

/** What the host calls a filter's `onForeignFunction` with. */
export class ForeignArguments {
  @lazy static readonly buffer: Body = new Body(BufferType.CallData);
}
