// HOT: bench proxy.
// Where a stream's key stands: in a header, a cookie, an attribute or the client's address. What is found is told by
// position, so that nothing is made for a request whose key is in its head.

import type { Head, StreamContext } from "@sluice/abi";
import type { SplitKey } from "../snapshot/plan.ts";

const NO_BYTES = new Uint8Array(0);
const COOKIE = Buffer.from("cookie");
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;

/** One object for all streams of a slot: what it holds is valid until the next `find`. */
export abstract class StreamKey {
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  length = 0;

  /** False: the stream has no key. An empty one is none: it would put all who have none into one band. */
  abstract find(head: Head, context: StreamContext): boolean;

  protected take(bytes: Uint8Array, start: number, length: number): boolean {
    this.bytes = bytes;
    this.start = start;
    this.length = length;
    return length > 0;
  }
}

/** A head counts positions in its edits downwards from −1. */
function offsetOf(start: number): number {
  return start < 0 ? ~start : start;
}

/** `slot` is the place in the chain that asks: attributes are read as that slot may read them. */
export function streamKey({ kind, name }: SplitKey, slot: number): StreamKey {
  switch (kind) {
    case "header":
      return new HeaderKey(name);
    case "cookie":
      return new CookieKey(name);
    case "attribute":
      return new AttributeKey(name, slot);
    case "source":
      return new SourceKey(slot);
  }
}

/** The first value, as `get_header` shows filters: a second one appended by the client moves nobody. */
export class HeaderKey extends StreamKey {
  private readonly name: Uint8Array;

  constructor(name: string) {
    super();
    this.name = Buffer.from(name.toLowerCase(), "latin1");
  }

  find(head: Head): boolean {
    const field = head.find(this.name, 0, this.name.length);
    if (field < 0) return false;
    const start = head.valueStart(field);
    return this.take(head.bufferOf(start), offsetOf(start), head.valueLength(field));
  }
}

/** The first cookie of that name, over all `cookie` fields. */
export class CookieKey extends StreamKey {
  private readonly name: Uint8Array;

  constructor(name: string) {
    super();
    this.name = Buffer.from(name, "latin1");
  }

  find(head: Head): boolean {
    for (
      let field = head.find(COOKIE, 0, COOKIE.length);
      field >= 0;
      field = head.find(COOKIE, 0, COOKIE.length, field + 1)
    ) {
      const start = head.valueStart(field);
      const from = offsetOf(start);
      if (this.findIn(head.bufferOf(start), from, from + head.valueLength(field))) return true;
    }
    return false;
  }

  private findIn(bytes: Uint8Array, from: number, end: number): boolean {
    for (let at = from; at < end;) {
      while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
      let stop = at;
      while (stop < end && bytes[stop] !== SEMICOLON) stop++;
      if (this.isNamed(bytes, at, stop)) return this.takeValue(bytes, at + this.name.length + 1, stop);
      at = stop + 1;
    }
    return false;
  }

  private isNamed(bytes: Uint8Array, at: number, stop: number): boolean {
    const { name } = this;
    if (stop - at <= name.length || bytes[at + name.length] !== EQUALS) return false;
    for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name[i]) return false;
    return true;
  }

  private takeValue(bytes: Uint8Array, start: number, stop: number): boolean {
    let end = stop;
    while (end > start && (bytes[end - 1] === SPACE || bytes[end - 1] === TAB)) end--;
    return this.take(bytes, start, end - start);
  }
}

/** A property of the ABI, also one that an earlier filter has set: `request.host`, `auth.user`. */
class AttributeKey extends StreamKey {
  private readonly path: string;
  private readonly name: string;
  private readonly slot: number;

  constructor(name: string, slot: number) {
    super();
    this.name = name;
    this.path = name.replaceAll(".", "\0");
    this.slot = slot;
  }

  find(_head: Head, context: StreamContext): boolean {
    // Written with dots it is a path first, then one segment with dots in it.
    const value = context.property(this.slot, this.path) ?? context.property(this.slot, this.name);
    return value !== null && this.take(value, 0, value.length);
  }
}

/** The client's address without its port. */
class SourceKey extends StreamKey {
  private readonly slot: number;

  constructor(slot: number) {
    super();
    this.slot = slot;
  }

  find(_head: Head, context: StreamContext): boolean {
    const value = context.property(this.slot, "source\0address");
    return value !== null && this.take(value, 0, Math.max(value.lastIndexOf(COLON), 0));
  }
}
