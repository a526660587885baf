import { Value } from "./bytes";
import { Patterns } from "./patterns";

let bytes: ArrayBuffer = new ArrayBuffer(0);

function matches(list: string[], text: string, foldCase: bool = false): bool {
  const patterns = new Patterns(foldCase);
  for (let i = 0; i < list.length; i++) expect(patterns.add(list[i])).toBe(true, list[i]);
  patterns.freeze();
  bytes = String.UTF8.encode(text);
  const value = new Value();
  value.set(changetype<usize>(bytes), bytes.byteLength);
  return patterns.matches(value);
}

describe("Patterns", () => {
  it("matches equal values, prefixes and suffixes", () => {
    expect(matches(["/a"], "/a")).toBe(true);
    expect(matches(["/a"], "/ab")).toBe(false);
    expect(matches(["/a*"], "/ab")).toBe(true);
    expect(matches(["/a*"], "/a")).toBe(true);
    expect(matches(["*.php"], "/x.php")).toBe(true);
    expect(matches(["*.php"], "/x.phps")).toBe(false);
    expect(matches(["/z", "/a*", "*.php"], "/q.php")).toBe(true);
  });
  it("takes a lone star for present and not empty", () => {
    expect(matches(["*"], "a")).toBe(true);
    expect(matches(["*"], "")).toBe(false);
  });
  it("takes a dot for a dot", () => {
    expect(matches(["a.b"], "axb")).toBe(false);
  });
  it("compares case unless it is told not to", () => {
    expect(matches(["GET"], "get")).toBe(false);
    expect(matches(["a.test"], "A.Test", true)).toBe(true);
  });
  it("refuses the empty pattern and stars in the middle", () => {
    const wrong = ["", "a*b", "**", "*a*", "a**"];
    for (let i = 0; i < wrong.length; i++) expect(new Patterns().add(wrong[i])).toBe(false, wrong[i]);
  });
});
