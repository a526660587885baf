import { Text, Value } from "./bytes";
import { Share } from "./share";

const key: Value = new Value();
let keyText: Text = Text.of("");

function contains(share: Share, text: string): bool {
  keyText = Text.of(text);
  key.set(keyText.start, keyText.size);
  return share.contains(key);
}

function countOf(share: Share, keys: i32): i32 {
  let count = 0;
  for (let i = 0; i < keys; i++) if (contains(share, `user-${i}`)) count++;
  return count;
}

describe("Share", () => {
  it("holds its share of the keys within the bounds of chance", () => {
    // 10,000 draws at 10 %: a standard deviation of 30.
    const count = countOf(new Share(10, "a"), 10_000);
    expect(count > 850 && count < 1150).toBe(true, `${count}`);
  });
  it("holds nothing at 0 and everything at 100", () => {
    expect(countOf(new Share(0, "a"), 1000)).toBe(0);
    expect(countOf(new Share(100, "a"), 1000)).toBe(1000);
    expect(new Share(100, "a").isAll).toBe(true);
    expect(new Share(99.9, "a").isAll).toBe(false);
  });
  it("keeps whom it holds when it grows", () => {
    const small = new Share(5, "a");
    const large = new Share(50, "a");
    for (let i = 0; i < 2000; i++) if (contains(small, `${i}`)) expect(contains(large, `${i}`)).toBe(true, `${i}`);
  });
  it("chooses independently under another salt", () => {
    const both = new Share(50, "a");
    const other = new Share(50, "b");
    let shared = 0;
    for (let i = 0; i < 4000; i++) if (contains(both, `${i}`) && contains(other, `${i}`)) shared++;
    expect(shared > 850 && shared < 1150).toBe(true, `${shared}`);
  });
});
