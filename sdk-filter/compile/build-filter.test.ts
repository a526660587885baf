import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FilterUnderTest } from "../harness/index.ts";
import { buildFilter } from "./build-filter.ts";
import { scratchFilter } from "./scratch-folder.ts";

const HEAD = `export * from "@sluice/sdk-filter/assembly/exports";\n`;
const CHECK = `${HEAD}
import { Filter, NoConfig, Verdict, filter } from "@sluice/sdk-filter/assembly";
class Sample extends Filter<NoConfig> {
  check(): Verdict { return Verdict.Allow; }
}
filter<Sample>();`;

const ALWAYS = [
  "_initialize",
  "memory",
  "proxy_abi_version_0_2_1",
  "proxy_on_configure",
  "proxy_on_context_create",
  "proxy_on_memory_allocate",
  "sluice_policy_abi_version_1",
];

describe("buildFilter", () => {
  it("exports the callbacks that a class overrides, and no others", async () => {
    const { exports, imports } = await buildFilter(await scratchFilter(CHECK));
    expect(exports.toSorted()).toEqual([...ALWAYS, "policy_on_check"].sort());
    expect(imports.every((name) => /^(env\.proxy_|sluice\.policy_)/.test(name))).toBe(true);
  });

  it("finds overridden methods in classes that extend each other, and in streams", async () => {
    const { exports } = await buildFilter(
      await scratchFilter(`${HEAD}
import { Action, Filter, NoConfig, Stream, filter } from "@sluice/sdk-filter/assembly";
class Base extends Filter<NoConfig> { tick(): void {} }
class Sample extends Base { newStream(): Stream | null { return new Own(); } }
class Own extends Stream { responseHeaders(end: bool): Action { return Action.Continue; } }
filter<Sample>();`),
    );
    const expected = [...ALWAYS, "proxy_on_tick", "proxy_on_response_headers", "proxy_on_delete"];
    expect(exports.toSorted()).toEqual(expected.sort());
  });

  it("takes the earlier module while nothing has changed, and builds again when something has", async () => {
    const folder = await scratchFilter(CHECK);
    expect((await buildFilter(folder, { onlyWhenStale: true })).isFresh).toBe(false);
    expect((await buildFilter(folder, { onlyWhenStale: true })).isFresh).toBe(true);
    await writeFile(join(folder, "assembly", "index.ts"), CHECK.replace("Allow", "NoOpinion"));
    const changed = await buildFilter(folder, { onlyWhenStale: true });
    expect(changed.isFresh).toBe(false);
    const filter = await FilterUnderTest.load(changed.wasm);
    expect(filter.request().verdict.kind).toBe("noOpinion");
    expect((await stat(changed.mapFile)).size).toBe(changed.sizes.sourceMapBytes);
  });

  it.each(["stub", "incremental"])("builds with the runtime %s", async (runtime) => {
    const { wasm } = await buildFilter(await scratchFilter(CHECK, `runtime: ${runtime}\n`));
    const filter = await FilterUnderTest.load(wasm, { isolation: "shared" });
    for (let i = 0; i < 300; i++) expect(filter.request().verdict.kind).toBe("allow");
  });

  it("names file and line of what does not compile", async () => {
    const folder = await scratchFilter(`${HEAD}let a: i32 = "text";`);
    await expect(buildFilter(folder)).rejects.toThrow(/does not compile[^]*assembly\/index.ts\(2,/);
  });

  it("refuses a folder without filter.yaml or source", async () => {
    const folder = await scratchFilter(CHECK);
    await rm(join(folder, "assembly", "index.ts"));
    await expect(buildFilter(folder)).rejects.toMatchObject({ code: "SLUICE-E4002" });
    await rm(join(folder, "filter.yaml"));
    await expect(buildFilter(folder)).rejects.toMatchObject({ code: "SLUICE-E4001" });
  });

  it("refuses a module that would import what no proxy has", async () => {
    const folder = await scratchFilter(
      CHECK.replace("return Verdict.Allow", "return Date.now() > 0 ? Verdict.Allow : Verdict.Deny"),
    );
    await expect(buildFilter(folder)).rejects.toMatchObject({
      code: "SLUICE-E4004",
      message: expect.stringContaining("env.Date.now") as unknown,
    });
  });

  it("refuses a filter that lacks what its document requires", async () => {
    const folder = await scratchFilter(CHECK.replace("check():", "other():"), "requires: [check]\n");
    await expect(buildFilter(folder)).rejects.toMatchObject({ code: "SLUICE-E4008" });
  });
});
