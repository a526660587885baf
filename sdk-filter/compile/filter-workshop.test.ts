import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished, describe, expect, it } from "vitest";
import { FilterWorkshop } from "./filter-workshop.ts";
import { scratchFilter } from "./scratch-folder.ts";

const SOURCE = `export * from "@sluice/sdk-filter/assembly/exports";
import { Filter, NoConfig, Verdict, filter } from "@sluice/sdk-filter/assembly";
class Sample extends Filter<NoConfig> {
  check(): Verdict { return Verdict.Allow; }
}
filter<Sample>();`;

function workshop(): FilterWorkshop {
  const opened = new FilterWorkshop();
  onTestFinished(() => opened.close());
  return opened;
}

describe("FilterWorkshop", () => {
  it("builds again what has changed, and refuses what does not compile with the compiler's words", async () => {
    const folder = await scratchFilter(SOURCE);
    const shop = workshop();
    const first = await shop.build(folder);
    expect(first.isFresh).toBe(false);
    expect((await shop.build(folder)).isFresh).toBe(true);
    await writeFile(join(folder, "assembly/index.ts"), SOURCE.replace("Verdict.Allow", "Verdict.Nowhere"));
    await expect(shop.build(folder)).rejects.toMatchObject({
      code: "SLUICE-E4003",
      message: expect.stringMatching(/assembly\/index\.ts\(4,/) as unknown,
    });
    await writeFile(join(folder, "assembly/index.ts"), SOURCE);
    expect((await shop.build(folder)).wasm).toEqual(first.wasm);
  });

  it("runs the specs beside the source", async () => {
    const folder = await scratchFilter(SOURCE);
    await writeFile(
      join(folder, "assembly/sums.spec.ts"),
      `describe("sums", () => { it("holds", () => { expect<i32>(1 + 1).toBe(2); }); it("fails", () => { expect<i32>(1).toBe(2); }); });`,
    );
    const results = await workshop().specs(folder);
    expect(results.map(({ groups, name, failure }) => [...groups, name, failure === null])).toEqual([
      ["sums", "holds", true],
      ["sums", "fails", false],
    ]);
  });
});
