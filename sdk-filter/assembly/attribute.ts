// Attributes: what a request, its connection and its route say of themselves, by name (`request.url_path`,
// `source.address`, `request.headers[x-role]`). Names are resolved once, when the plugin starts; reading one in a
// callback is a single hostcall and allocates nothing.

import { encodeText, encodedSize, out, outPointer, outSize } from "./arena";
import { ByteBuilder } from "./byte-builder";
import { Text, Value } from "./bytes";
import { policy_attribute, policy_get, policy_get_i64, policy_get_values } from "./generated/hostcalls";
import { Pairs } from "./pairs";
import { refuseStart } from "./start";
import { Status } from "./generated/enums";

/** Whether an attribute is a number; the host says so when it is first asked for one. */
enum Kind {
  Unknown = 0,
  Text = 1,
  Number = 2,
}

/** One attribute. Make it while the plugin starts: in a field of the filter, or in `configure`. */
@final
export class Attribute {
  readonly name: string;
  /** True when the host could not answer the last read (which is not the same as absent). */
  failed: bool = false;
  /** The host's number of it. */
  readonly id: u32;
  private kind: Kind = Kind.Unknown;
  private readonly view: Value = new Value();
  private readonly list: Pairs = new Pairs();

  /** Resolves `name`; a name the host does not know refuses the revision. */
  static of(name: string): Attribute {
    return new Attribute(name);
  }

  constructor(name: string) {
    this.name = name;
    const text = encodeText(name);
    const status = policy_attribute(text, encodedSize(), out);
    if (status != Status.Ok) refuseStart("unknown attribute " + name);
    this.id = status == Status.Ok ? load<u32>(out) : 0;
  }

  /** The value, or null when it is absent. A header sent several times gives its first line: see `values`. */
  read(): Value | null {
    const status = policy_get(this.id, out, out + 4);
    this.failed = status != Status.Ok && status != Status.NotFound;
    if (status != Status.Ok) return null;
    this.view.set(outPointer(), outSize());
    return this.view;
  }

  /** Every value, for headers that may be sent several times; null when absent. Walk it: `while (list.next()) list.name…` */
  values(): Pairs | null {
    const status = policy_get_values(this.id, out, out + 4);
    this.failed = status != Status.Ok && status != Status.NotFound;
    if (status != Status.Ok) return null;
    this.list.open(outPointer(), outSize());
    this.failed = !this.list.wellFormed;
    return this.list;
  }

  isPresent(): bool {
    return this.read() !== null;
  }

  is(text: Text): bool {
    const value = this.read();
    return value !== null && value.is(text);
  }

  startsWith(text: Text): bool {
    const value = this.read();
    return value !== null && value.startsWith(text);
  }

  endsWith(text: Text): bool {
    const value = this.read();
    return value !== null && value.endsWith(text);
  }

  /** The number of an integer, timestamp or duration attribute; `absent` when there is none. */
  integer(absent: i64 = 0): i64 {
    const status = policy_get_i64(this.id, out);
    this.failed = status != Status.Ok && status != Status.NotFound;
    return status == Status.Ok ? load<i64>(out) : absent;
  }

  /** Appends the value as text, a number in decimal digits; false, and nothing appended, when it is absent. */
  appendTo(built: ByteBuilder): bool {
    return this.kind == Kind.Text ? this.appendText(built) : this.appendNumber(built);
  }

  private appendText(built: ByteBuilder): bool {
    const value = this.read();
    if (value === null) return false;
    built.append(value);
    return true;
  }

  private appendNumber(built: ByteBuilder): bool {
    const status = policy_get_i64(this.id, out);
    if (this.kind == Kind.Unknown) this.kind = status == Status.BadArgument ? Kind.Text : Kind.Number;
    if (this.kind == Kind.Text) return this.appendText(built);
    if (status != Status.Ok) return false;
    built.decimal(load<u64>(out));
    return true;
  }

  /** The value as a string, null when absent. Allocates: not for every request. */
  text(): string | null {
    const value = this.read();
    return value === null ? null : value.toString();
  }
}
