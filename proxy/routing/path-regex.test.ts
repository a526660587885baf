import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PATTERN_PROGRAM_SIZE_MAX, REGEX_PATH_BYTES_MAX } from "./limits.ts";
import { PathRegex, PathSubstitution, patternProblem, substitutionProblem } from "./path-regex.ts";

function matches(pattern: string, path: string): boolean {
  const bytes = Buffer.from(`<${path}>`, "latin1");
  return new PathRegex(pattern).matches(bytes, 1, bytes.length - 1);
}

describe("PathRegex", () => {
  it.each([
    ["/a", "/a", true],
    ["/a", "/ab", false],
    ["/a", "/b/a", false],
    ["/a|/b", "/b", true],
    ["/a|/b", "/bc", false],
    ["/users/[0-9]+", "/users/12", true],
    ["/users/[0-9]+", "/users/", false],
    [".*\\.js", "/x/y.js", true],
    ["(?i)/a", "/A", true],
    ["/%C3%A4", "/%C3%A4", true],
  ])("%s against %s: %s", (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected);
  });

  // With a backtracking engine each of these takes longer than the universe has existed.
  it.each([
    ["(a*)*b", "a"],
    ["/(x+x+)+y", "x"],
    ["/(a|aa)+$z", "a"],
    ["(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)!", "a"],
    ["/([a-z]+)*[0-9]", "a"],
    ["/(a?){50}a{50}b", "a"],
    ["((a*)*)*z", "a"],
  ])("answers for %s and the longest path", (pattern, repeated) => {
    expect(matches(pattern, `/${repeated.repeat(REGEX_PATH_BYTES_MAX - 1)}`)).toBe(false);
  });

  it("agrees with a backtracking engine on small patterns", () => {
    const atom = fc.constantFrom("a", "b", "[ab]", ".", "(a|b)", "/", "(ab)");
    const piece = fc.tuple(atom, fc.constantFrom("", "*", "+", "?", "{2}")).map(([one, times]) => one + times);
    const pattern = fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join(""));
    const path = fc.stringMatching(/^[ab/]{0,12}$/);
    fc.assert(
      fc.property(pattern, path, (expression, text) => {
        expect(matches(expression, text)).toBe(new RegExp(`^(?:${expression})$`).test(text));
      }),
    );
  });
});

describe("patternProblem", () => {
  it("is null up to the largest program, and names the size of a larger one", () => {
    expect(patternProblem("/a{900}")).toBeNull();
    expect(patternProblem("/(a{10}){99}b{20}")).toMatch(
      new RegExp(`instructions, more than ${PATTERN_PROGRAM_SIZE_MAX}`),
    );
  });

  it.each(["(", "a(?=b)", "(?<=a)b", "(?!a)", "(a)\\1", "a{1001}", "((((a{30}){30}){30}){30})", "[z-a]", "a**"])(
    "says what is wrong with %s",
    (pattern) => {
      expect(patternProblem(pattern)).toMatch(/^the expression/);
    },
  );
});

describe("PathSubstitution", () => {
  it.each([
    ["/a", "/b", "/a/a", "/b/b"],
    ["^/a", "/b", "/a/a", "/b/a"],
    ["^/(v[0-9]+)/(.*)", "/\\2/\\1", "/v1/x/y", "/x/y/v1"],
    ["x", "[\\0]", "/axb", "/a[x]b"],
    ["x", "\\\\", "/x", "/\\"],
    ["(a)|b", "<\\1>", "/b", "/<>"],
    ["z", "y", "/a", "/a"],
    ["x*", "-", "/", "-/-"],
  ])("of %s by %s makes %s to %s", (pattern, substitution, path, wanted) => {
    expect(substitutionProblem(pattern, substitution)).toBeNull();
    expect(new PathSubstitution(pattern, substitution).apply(path)).toBe(wanted);
  });

  it("gives up on what is or becomes too long", () => {
    const long = "a".repeat(REGEX_PATH_BYTES_MAX);
    expect(new PathSubstitution("b", "c").apply(long)).toBe(long);
    expect(new PathSubstitution("b", "c").apply(`${long}a`)).toBeNull();
    expect(new PathSubstitution("a", "aa").apply(long)).toBeNull();
  });

  it.each([
    ["(a)", "\\2", "names group 2, the expression has 1"],
    ["a", "\\n", "before something else"],
    ["a", "x\\", "before something else"],
  ])("of %s by %s is refused", (pattern, substitution, problem) => {
    expect(substitutionProblem(pattern, substitution)).toContain(problem);
  });
});
