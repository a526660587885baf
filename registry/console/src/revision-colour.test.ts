import { describe, expect, it } from "vitest";
import { COLOURS, colourOf } from "./revision-colour.ts";

const digest = (end: string): string => `sha256:${"0".repeat(58)}${end}`;

describe("colourOf", () => {
  it("gives a revision of a slot the same colour each time", () => {
    const first = colourOf("a", digest("00000a"));
    colourOf("a", digest("00000b"));
    expect(colourOf("a", digest("00000a"))).toBe(first);
  });

  it("gives different colours to revisions that would wish for the same", () => {
    const all = Array.from({ length: COLOURS }, (_, i) =>
      colourOf("b", digest(`0000${(i * COLOURS).toString(16).padStart(2, "0")}`)),
    );
    expect(new Set(all).size).toBe(COLOURS);
    expect(colourOf("b", digest("0000f8"))).toBeLessThan(COLOURS);
  });
});
