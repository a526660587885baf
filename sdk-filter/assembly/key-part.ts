// What requests are told apart by, as configurations name it (and a deployment's `split.by`):
//
//   header:x-user    cookie:session    attribute:request.host    source    route    constant:beta

import { Address } from "./address";
import { asciiLowerCase } from "./ascii";
import { Attribute } from "./attribute";
import { ByteBuilder } from "./byte-builder";
import { Text, Value } from "./bytes";
import { isHeaderName } from "./header-name";

/** What reading a part of a key came to. */
export enum KeyState {
  Present = 0,
  Absent = 1,
  /** It stands in the request several times: nobody can say which one counts, so it names nobody. */
  Several = 2,
}

/** One part, resolved in `configure`, read once per request. Reading allocates nothing. */
export abstract class KeyPart {
  /** After `read` answered Present: the bytes. Valid until the callback returns or something else is read. */
  value: Value = new Value();

  /** Null when `text` is none of the forms above. An attribute the host does not know refuses the revision. */
  static parse(text: string): KeyPart | null {
    if (text == "source") return new SourcePart();
    if (text == "route") return new AttributePart("xds.route_name");
    const colon = text.indexOf(":");
    const kind = text.substring(0, colon < 0 ? 0 : colon);
    const name = text.substring(colon + 1);
    if (name.length == 0) return null;
    if (kind == "header") return isHeaderName(name) ? new HeaderPart(name) : null;
    if (kind == "cookie") return isHeaderName(name) ? new CookiePart(name) : null;
    if (kind == "attribute") return name.endsWith("]") ? null : new AttributePart(name);
    return kind == "constant" ? new ConstantPart(name) : null;
  }

  abstract read(): KeyState;
}

@final
class AttributePart extends KeyPart {
  private readonly attribute: Attribute;

  constructor(name: string) {
    super();
    this.attribute = Attribute.of(name);
  }

  read(): KeyState {
    const value = this.attribute.read();
    if (value === null) return KeyState.Absent;
    this.value = value;
    return KeyState.Present;
  }
}

@final
class HeaderPart extends KeyPart {
  private readonly lines: Attribute;

  constructor(name: string) {
    super();
    this.lines = Attribute.of("request.headers[" + asciiLowerCase(name) + "]");
  }

  read(): KeyState {
    const lines = this.lines.values();
    if (lines === null || lines.count == 0) return KeyState.Absent;
    if (lines.count > 1) return KeyState.Several;
    if (!lines.next()) return KeyState.Absent;
    this.value = lines.name;
    return KeyState.Present;
  }
}

/** One cookie of all `cookie` lines (RFC 6265, 4.2.1: pairs separated by semicolon and space). */
@final
class CookiePart extends KeyPart {
  private readonly lines: Attribute = Attribute.of("request.headers[cookie]");
  private readonly name: Text;

  constructor(name: string) {
    super();
    this.name = Text.of(name + "=");
  }

  read(): KeyState {
    const lines = this.lines.values();
    if (lines === null) return KeyState.Absent;
    let found = 0;
    while (lines.next()) found += this.findIn(lines.name);
    if (found == 0) return KeyState.Absent;
    return found == 1 ? KeyState.Present : KeyState.Several;
  }

  /** How often the cookie stands in a line; `value` is the last one. */
  private findIn(line: Value): i32 {
    const name = this.name;
    let found = 0;
    for (let at = 0; at < line.size;) {
      while (at < line.size && line.byteAt(at) == 0x20) at++;
      const semicolon = line.indexOf(0x3b, at);
      const end = semicolon < 0 ? line.size : semicolon;
      if (end - at >= name.size && memory.compare(line.start + at, name.start, name.size) == 0) {
        this.value.set(line.start + at + name.size, end - at - name.size);
        found++;
      }
      at = end + 1;
    }
    return found;
  }
}

/** The client's address without its port: IPv4 whole, of IPv6 the first 64 bits, as one subscriber has all the rest. */
@final
class SourcePart extends KeyPart {
  private readonly source: Attribute = Attribute.of("source.address");
  private readonly address: Address = new Address();
  private readonly built: ByteBuilder = new ByteBuilder(8);

  read(): KeyState {
    const text = this.source.read();
    if (text === null || !this.address.parse(text)) return KeyState.Absent;
    const address = this.address;
    this.built.clear();
    if (address.isV4) this.built.u32(<u32>address.low);
    else {
      this.built.u32(<u32>(address.high >> 32));
      this.built.u32(<u32>address.high);
    }
    this.value = this.built.value;
    return KeyState.Present;
  }
}

@final
class ConstantPart extends KeyPart {
  private readonly text: Text;

  constructor(text: string) {
    super();
    this.text = Text.of(text);
    this.value.set(this.text.start, this.text.size);
  }

  read(): KeyState {
    return KeyState.Present;
  }
}
