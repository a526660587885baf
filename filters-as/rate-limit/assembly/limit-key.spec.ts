import { KeyPart, KeyState, Text } from "@sluice/sdk-filter/assembly";
import { LimitKey } from "./limit-key";

/** A part that says what a test wants. */
@final
class FixedPart extends KeyPart {
  private readonly text: Text;
  private readonly state: KeyState;

  constructor(text: string, state: KeyState = KeyState.Present) {
    super();
    this.text = Text.of(text);
    this.state = state;
    this.value.set(this.text.start, this.text.size);
  }

  read(): KeyState {
    return this.state;
  }
}

function key(name: string, parts: KeyPart[]): string {
  const key = new LimitKey(Text.of(name));
  for (let i = 0; i < parts.length; i++) key.add(parts[i]);
  key.build();
  let hex = "";
  for (let i = 0; i < key.value.size; i++) hex += key.value.byteAt(i).toString(16).padStart(2, "0");
  return hex;
}

function keyOf(texts: string[]): string {
  const parts: KeyPart[] = [];
  for (let i = 0; i < texts.length; i++) parts.push(new FixedPart(texts[i]));
  return key("a", parts);
}

describe("LimitKey", () => {
  it("is the name, then size and bytes of each part", () => {
    expect(keyOf(["xy", ""])).toBe("0161" + "00" + "02000000" + "7879" + "00" + "00000000");
  });
  it("differs where parts differ, however they run together", () => {
    expect(keyOf(["ab", "c"]) == keyOf(["a", "bc"])).toBe(false);
    expect(keyOf(["", "a"]) == keyOf(["a", ""])).toBe(false);
    expect(keyOf(["a\0b"]) == keyOf(["a", "b"])).toBe(false);
    expect(key("ab", []) == key("a", [])).toBe(false);
  });
  it("tells absent, empty and several apart", () => {
    const empty = key("a", [new FixedPart("")]);
    const absent = key("a", [new FixedPart("", KeyState.Absent)]);
    const several = key("a", [new FixedPart("", KeyState.Several)]);
    expect(empty == absent || absent == several || empty == several).toBe(false);
  });
  it("stays within its bound for values of any size, and still tells them apart", () => {
    const long = "t".repeat(64);
    expect(keyOf([long]).length).toBe((2 + 5 + 64) * 2);
    expect(keyOf([long + "a"]).length).toBe((2 + 5 + 16) * 2);
    expect(keyOf([long + "a"]) == keyOf([long + "b"])).toBe(false);
    expect(keyOf([long + "a"]) == keyOf([long + "aa"])).toBe(false);
    const parts: KeyPart[] = [];
    for (let i = 0; i < 8; i++) parts.push(new FixedPart("t".repeat(5000)));
    expect(key("n".repeat(63), parts).length).toBe((64 + 8 * 21) * 2);
  });
});
