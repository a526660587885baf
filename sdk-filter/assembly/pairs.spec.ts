import { Text } from "./bytes";
import { Pairs } from "./pairs";

let bytes: StaticArray<u8> = [];

/** What a walk over the bytes tells: `name=value` of each pair. */
function walk(map: u8[]): string {
  bytes = StaticArray.fromArray(map);
  const pairs = new Pairs();
  pairs.open(changetype<usize>(bytes), bytes.length);
  let told = "";
  while (pairs.next()) told += pairs.name.toString() + "=" + pairs.value.toString() + ";";
  return pairs.wellFormed ? told : told + "!";
}

describe("Pairs", () => {
  it("walks names and values in order", () => {
    // a:1, b:22 as the ABI's text encodes it
    const map: u8[] = [2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 97, 0, 49, 0, 98, 0, 50, 50, 0];
    expect(walk(map)).toBe("a=1;b=22;");
  });
  it("takes no bytes and a zero count for an empty map", () => {
    expect(walk([])).toBe("");
    expect(walk([0, 0, 0, 0])).toBe("");
  });
  it("stops at a length that points past the end", () => {
    expect(walk([1, 0, 0, 0, 255, 255, 255, 255, 1, 0, 0, 0, 97, 0, 49, 0])).toBe("!");
  });
  it("refuses a count that the bytes cannot hold", () => {
    expect(walk([255, 255, 255, 255])).toBe("!");
    expect(walk([2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 97, 0])).toBe("!");
  });
});

describe("Text", () => {
  it("keeps UTF-8", () => {
    expect(Text.of("é").size).toBe(2);
    expect(Text.of("é").toString()).toBe("é");
  });
});
