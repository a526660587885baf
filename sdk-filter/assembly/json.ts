// A small strict JSON reader (RFC 8259) for configurations. It is pulled: the decoder that the build generates asks for
// what its schema expects next. There are no exceptions here, so the first failure is kept, names the place, and makes
// every later call answer something harmless.

/** What the generated configuration classes are. */
export abstract class Decodable {
  abstract decode(json: JsonReader): void;
}

const DEPTH_MAX: i32 = 64;
const QUOTE: i32 = 0x22;
const BACKSLASH: i32 = 0x5c;
const END: i32 = -1;
/** So that an i64 cannot overflow while it is read. */
const INTEGER_DIGITS_MAX: i32 = 18;

/** Reads one JSON document from bytes that stay where they are while it reads. */
@final
export class JsonReader {
  /** The key that `nextKey` found. */
  key: string = "";
  /** The first failure, with its place: `policies[0].action: …`; empty while all is well. */
  error: string = "";

  private at: usize;
  private readonly end: usize;
  // One entry per open object or array: what the place is called, how many entries were read, which keys were seen.
  private places: string[] = [];
  private counts: i32[] = [];
  private seen: u64[] = [];
  private lastSeen: u64 = 0;

  constructor(start: usize, size: i32) {
    this.at = start;
    this.end = start + size;
  }

  /** Opens an object; then `while (json.nextKey()) …`. */
  beginObject(): void {
    this.open(0x7b, "an object");
  }

  /** Moves to the next key and its value; false at the object's end. */
  nextKey(): bool {
    if (!this.nextEntry(0x7d)) return false;
    this.places[this.places.length - 1] = "";
    if (this.peek() != QUOTE) return this.fail("a key in quotes is expected");
    this.key = this.readString();
    this.places[this.places.length - 1] = this.key;
    this.expect(0x3a, "a colon after the key");
    return this.error.length == 0;
  }

  /** Marks the current key as property `index` of its class; a key that comes twice is refused. */
  once(index: i32): void {
    const top = this.seen.length - 1;
    if (top < 0) return;
    const bit = (<u64>1) << index;
    if (this.seen[top] & bit) this.fail("this key stands here twice");
    this.seen[top] = this.seen[top] | bit;
  }

  /** After the object's end: refuses it when property `index` was not there. */
  require(index: i32, name: string): void {
    if ((this.lastSeen & ((<u64>1) << index)) == 0) this.fail("the key '" + name + "' is missing");
  }

  /** The current key is none of `allowed`. */
  refuseKey(allowed: string): void {
    this.fail("unknown key; allowed: " + (allowed.length > 0 ? allowed : "none"));
  }

  /** Opens an array; then `while (json.nextItem()) …`. */
  beginArray(): void {
    this.open(0x5b, "an array");
  }

  /** Moves to the next item; false at the array's end. */
  nextItem(): bool {
    if (!this.nextEntry(0x5d)) return false;
    const top = this.places.length - 1;
    this.places[top] = `[${this.counts[top] - 1}]`;
    return true;
  }

  string(): string {
    if (this.peek() != QUOTE) {
      this.fail("a string is expected");
      return "";
    }
    return this.readString();
  }

  boolean(): bool {
    if (this.takeWord("true")) return true;
    if (!this.takeWord("false")) this.fail("true or false is expected");
    return false;
  }

  /** A whole number between `min` and `max`, written without fraction and exponent. */
  integer(min: i64, max: i64): i64 {
    const text = this.readNumberText();
    const number = text.length <= INTEGER_DIGITS_MAX ? I64.parseInt(text) : 0;
    const fits = text.length <= INTEGER_DIGITS_MAX && number >= min && number <= max;
    if (!isJsonNumber(text) || text.includes(".") || text.includes("e") || text.includes("E") || !fits) {
      this.fail(`a whole number from ${min} to ${max} is expected`);
      return 0;
    }
    return number;
  }

  number(): f64 {
    const text = this.readNumberText();
    const number = F64.parseFloat(text);
    if (!isJsonNumber(text) || !isFinite(number)) this.fail("a number is expected");
    return number;
  }

  /** One of the words in `allowed`, which are separated by commas and a space. */
  word(allowed: string): string {
    const word = this.string();
    if (this.error.length == 0 && !allowed.split(", ").includes(word))
      this.fail("'" + word + "' is not one of " + allowed);
    return word;
  }

  /** After the last value: nothing else may stand in the document. */
  finish(): void {
    if (this.error.length == 0 && this.peek() != END) this.fail("nothing may follow the configuration");
  }

  /** Keeps the first failure; always false. */
  fail(reason: string): bool {
    if (this.error.length == 0) this.error = this.place() + reason;
    return false;
  }

  private place(): string {
    let place = "";
    for (let i = 0; i < this.places.length; i++) {
      const part = this.places[i];
      if (part.length == 0) continue;
      place += place.length > 0 && !part.startsWith("[") ? "." + part : part;
    }
    return place.length > 0 ? place + ": " : "";
  }

  private open(bracket: i32, what: string): void {
    if (this.peek() != bracket) {
      this.fail(what + " is expected");
      return;
    }
    this.at++;
    if (this.places.length == DEPTH_MAX) this.fail("nested too deep");
    this.places.push("");
    this.counts.push(0);
    this.seen.push(0);
  }

  private nextEntry(bracket: i32): bool {
    if (this.error.length > 0) return false;
    const top = this.counts.length - 1;
    if (this.peek() == bracket) return this.close();
    if (this.counts[top] > 0 && !this.expect(0x2c, "a comma or the end")) return false;
    this.counts[top] = this.counts[top] + 1;
    return true;
  }

  private close(): bool {
    this.at++;
    this.places.pop();
    this.counts.pop();
    this.lastSeen = this.seen.pop();
    return false;
  }

  private expect(byte: i32, what: string): bool {
    if (this.peek() != byte) return this.fail(what + " is expected");
    this.at++;
    return true;
  }

  /** The next byte that is not white space; END at the end and after a failure. */
  private peek(): i32 {
    while (this.at < this.end && isSpace(load<u8>(this.at))) this.at++;
    return this.at < this.end && this.error.length == 0 ? <i32>load<u8>(this.at) : END;
  }

  private takeWord(word: string): bool {
    this.peek();
    if (this.end - this.at < <usize>word.length) return false;
    for (let i = 0; i < word.length; i++) if (load<u8>(this.at + i) != word.charCodeAt(i)) return false;
    this.at += word.length;
    return true;
  }

  private readNumberText(): string {
    this.peek();
    const start = this.at;
    while (this.at < this.end && isNumberByte(load<u8>(this.at))) this.at++;
    return String.UTF8.decodeUnsafe(start, this.at - start);
  }

  private readString(): string {
    this.at++;
    let text = "";
    let from = this.at;
    while (this.at < this.end) {
      const byte = <i32>load<u8>(this.at);
      if (byte < 0x20) break;
      if (byte != QUOTE && byte != BACKSLASH) {
        this.at++;
        continue;
      }
      text += String.UTF8.decodeUnsafe(from, this.at - from);
      this.at++;
      if (byte == QUOTE) return text;
      text += this.readEscape();
      from = this.at;
    }
    this.fail("a string does not end");
    return "";
  }

  private readEscape(): string {
    const letter = this.at < this.end ? <i32>load<u8>(this.at++) : END;
    if (letter == 0x75) return this.readUnicode();
    const known = '"\\/bfnrt'.indexOf(String.fromCharCode(letter));
    if (letter == END || known < 0) this.fail("an escape is unknown");
    return known < 0 ? "" : '"\\/\b\f\n\r\t'.charAt(known);
  }

  private readUnicode(): string {
    let code = 0;
    for (let i = 0; i < 4; i++) {
      const digit = this.at < this.end ? hexDigit(load<u8>(this.at++)) : -1;
      if (digit < 0) {
        this.fail("four hexadecimal digits are expected");
        return "";
      }
      code = (code << 4) | digit;
    }
    return String.fromCharCode(code);
  }
}

function isSpace(byte: u8): bool {
  return byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09;
}

function isNumberByte(byte: u8): bool {
  return (byte >= 0x30 && byte <= 0x39) || byte == 0x2d || byte == 0x2b || byte == 0x2e || (byte | 0x20) == 0x65;
}

/** RFC 8259 section 6: no leading zeros, no plus, digits on both sides of the point. */
function isJsonNumber(text: string): bool {
  let at = text.startsWith("-") ? 1 : 0;
  const whole = digitsFrom(text, at);
  if (whole == 0 || (whole > 1 && text.charCodeAt(at) == 0x30)) return false;
  at += whole;
  if (at < text.length && text.charCodeAt(at) == 0x2e) {
    const fraction = digitsFrom(text, at + 1);
    if (fraction == 0) return false;
    at += 1 + fraction;
  }
  if (at < text.length && (text.charCodeAt(at) | 0x20) == 0x65) {
    at++;
    if (at < text.length && (text.charCodeAt(at) == 0x2b || text.charCodeAt(at) == 0x2d)) at++;
    const exponent = digitsFrom(text, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == text.length;
}

function digitsFrom(text: string, from: i32): i32 {
  let at = from;
  while (at < text.length && text.charCodeAt(at) >= 0x30 && text.charCodeAt(at) <= 0x39) at++;
  return at - from;
}

function hexDigit(byte: u8): i32 {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}
