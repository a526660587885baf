// Values with attributes in them: `${source.address} by ${xds.route_name}`.

import { Attribute, ByteBuilder, Text } from "@sluice/sdk-filter/assembly";

const DOLLAR: i32 = 0x24;
const OPEN: i32 = 0x7b;

/** One piece of a value: a text, or an attribute. */
@final
class Piece {
  readonly text: Text;
  readonly attribute: Attribute | null;

  constructor(text: string, attribute: Attribute | null) {
    this.text = Text.of(text);
    this.attribute = attribute;
  }
}

@final
export class Template {
  private readonly pieces: StaticArray<Piece>;

  /** Null when a `$` is neither doubled nor begins `${NAME}`, or when a line would break. An unknown attribute refuses the revision. */
  static parse(source: string): Template | null {
    const pieces: Piece[] = [];
    let text = "";
    for (let at = 0; at < source.length; at++) {
      const code = source.charCodeAt(at);
      if (code == 0x0a || code == 0x0d || code == 0) return null;
      if (code != DOLLAR) {
        text += source.charAt(at);
        continue;
      }
      at++;
      const next = at < source.length ? source.charCodeAt(at) : 0;
      if (next == DOLLAR) {
        text += "$";
        continue;
      }
      const end = next == OPEN ? source.indexOf("}", at) : -1;
      if (end <= at + 1) return null;
      if (text.length > 0) pieces.push(new Piece(text, null));
      text = "";
      pieces.push(new Piece("", Attribute.of(source.substring(at + 1, end))));
      at = end;
    }
    if (text.length > 0 || pieces.length == 0) pieces.push(new Piece(text, null));
    return new Template(pieces);
  }

  constructor(pieces: Piece[]) {
    this.pieces = StaticArray.fromArray(pieces);
  }

  /** Puts the value together; false when an attribute is absent or the value does not fit. */
  writeTo(built: ByteBuilder): bool {
    built.clear();
    const pieces = this.pieces;
    for (let i = 0; i < pieces.length; i++) {
      const piece = unchecked(pieces[i]);
      const attribute = piece.attribute;
      if (attribute === null) built.text(piece.text);
      else if (!attribute.appendTo(built)) return false;
    }
    return !built.overflowed;
  }
}
