import { ByteTrie, TrieEnd } from "./byte-trie";

let value: ArrayBuffer = new ArrayBuffer(0);

function at(text: string): usize {
  value = String.UTF8.encode(text);
  return changetype<usize>(value);
}

function trie(texts: string[], end: TrieEnd, foldCase: bool = false): ByteTrie {
  const trie = new ByteTrie(end, foldCase);
  for (let i = 0; i < texts.length; i++) trie.add(texts[i], i + 1);
  trie.freeze();
  return trie;
}

function exact(trie: ByteTrie, text: string): i32 {
  return trie.exact(at(text), value.byteLength);
}
function longest(trie: ByteTrie, text: string): i32 {
  return trie.longest(at(text), value.byteLength);
}
function any(trie: ByteTrie, text: string): bool {
  return trie.any(at(text), value.byteLength);
}

describe("ByteTrie", () => {
  it("finds the text that equals the whole value", () => {
    const paths = trie(["/a", "/ab", "/b"], TrieEnd.Start);
    expect(exact(paths, "/ab")).toBe(2);
    expect(exact(paths, "/b")).toBe(3);
    expect(exact(paths, "/")).toBe(0);
    expect(exact(paths, "/abc")).toBe(0);
    expect(exact(paths, "")).toBe(0);
  });
  it("lets the longest prefix win", () => {
    const paths = trie(["/a", "/a/b/", "/a/b/c"], TrieEnd.Start);
    expect(longest(paths, "/a/b/x")).toBe(2);
    expect(longest(paths, "/a/x")).toBe(1);
    expect(longest(paths, "/x")).toBe(0);
  });
  it("compares suffixes from the end", () => {
    const hosts = trie([".test", ".b.test"], TrieEnd.End);
    expect(longest(hosts, "a.b.test")).toBe(2);
    expect(longest(hosts, "a.test")).toBe(1);
    expect(longest(hosts, "test")).toBe(0);
  });
  it("says whether any text begins the value", () => {
    const paths = trie(["/internal/", "/x"], TrieEnd.Start);
    expect(any(paths, "/internal/a")).toBe(true);
    expect(any(paths, "/internal")).toBe(false);
  });
  it("folds case only where it is told to", () => {
    expect(exact(trie(["a.test"], TrieEnd.Start, true), "A.TEST")).toBe(1);
    expect(exact(trie(["a.test"], TrieEnd.Start), "A.TEST")).toBe(0);
    expect(exact(trie(["@["], TrieEnd.Start, true), "`{")).toBe(0);
  });
  it("finds nothing while it is empty", () => {
    expect(longest(trie([], TrieEnd.Start), "/a")).toBe(0);
  });
});
