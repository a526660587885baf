import { describe, expect, it } from "vitest";
import { generateAll, staleFiles } from "./generate.ts";
import { GENERATED_BY } from "./printers/generated-file.ts";

describe("generate", () => {
  it("leaves nothing on disk that differs from the specification", () => {
    expect(staleFiles()).toEqual([]);
  });

  it.each(generateAll())("names its generator on the first line of $path", ({ text }) => {
    expect(text.split("\n")[0]).toContain(GENERATED_BY);
  });
});
