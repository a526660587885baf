// Header maps of the request and the response. Names and values are `Text`, encoded once; a value may also be a string,
// which is encoded where it is used. Changes are seen by later filters and by the other side.

import { encodeText, encodedSize, out, outPointer, outSize } from "./arena";
import { Text, Value } from "./bytes";
import {
  proxy_add_header_map_value,
  proxy_get_header_map_pairs,
  proxy_get_header_map_value,
  proxy_remove_header_map_value,
  proxy_replace_header_map_value,
} from "./generated/hostcalls";
import { Pairs } from "./pairs";
import { Status } from "./generated/enums";

/** One header map. Comparing calls look at the first line of a name and allocate nothing; `forEach` sees every line. */
@final
export class Headers {
  private readonly map: u32;
  private readonly view: Value = new Value();
  private readonly walk: Pairs = new Pairs();

  constructor(map: u32) {
    this.map = map;
  }

  /** The first value as a view, null when absent. */
  read(name: Text): Value | null {
    if (proxy_get_header_map_value(this.map, name.start, name.size, out, out + 4) != Status.Ok) return null;
    this.view.set(outPointer(), outSize());
    return this.view;
  }

  has(name: Text): bool {
    return this.read(name) !== null;
  }

  is(name: Text, value: Text): bool {
    const read = this.read(name);
    return read !== null && read.is(value);
  }

  startsWith(name: Text, prefix: Text): bool {
    const read = this.read(name);
    return read !== null && read.startsWith(prefix);
  }

  /** The first value as a string, null when absent. Allocates: not for every request. */
  get(name: Text): string | null {
    const read = this.read(name);
    return read === null ? null : read.toString();
  }

  /** Replaces every line of `name` by one; adds it when there is none. */
  set(name: Text, value: Text): void {
    proxy_replace_header_map_value(this.map, name.start, name.size, value.start, value.size);
  }

  /**
   * `set` for a value that was read, or put together by a ByteBuilder. False, and nothing changed, when the host refuses
   * it: with CR, LF or NUL in it, or too many fields there already.
   */
  setValue(name: Text, value: Value): bool {
    return proxy_replace_header_map_value(this.map, name.start, name.size, value.start, value.size) == Status.Ok;
  }

  /** `set` for a value made at run time. */
  setString(name: Text, value: string): void {
    const text = encodeText(value);
    proxy_replace_header_map_value(this.map, name.start, name.size, text, encodedSize());
  }

  /** Adds a line and keeps what is there. */
  add(name: Text, value: Text): void {
    proxy_add_header_map_value(this.map, name.start, name.size, value.start, value.size);
  }

  /** `add` for such a value; false as there. */
  addValue(name: Text, value: Value): bool {
    return proxy_add_header_map_value(this.map, name.start, name.size, value.start, value.size) == Status.Ok;
  }

  /** Removes every line of `name`. */
  remove(name: Text): void {
    proxy_remove_header_map_value(this.map, name.start, name.size);
  }

  /** Calls `visit.header(name, value)` for every line in order. The views are valid during the call only. */
  forEach(visit: HeaderVisitor): void {
    if (proxy_get_header_map_pairs(this.map, out, out + 4) != Status.Ok) return;
    const walk = this.walk;
    walk.open(outPointer(), outSize());
    while (walk.next()) visit.header(walk.name, walk.value);
  }
}

/** What `forEach` calls; AssemblyScript has no closures, so what the visit collects lives in its fields. */
export abstract class HeaderVisitor {
  abstract header(name: Value, value: Value): void;
}
