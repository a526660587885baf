import { describe, expect, it } from "vitest";
import { MODULE_BYTES_MAX as REGISTRY_MODULE_BYTES_MAX } from "../../limits.ts";
import { MODULE_BYTES_MAX, readDropped } from "./dropped-files.ts";

const wasm = new File([Uint8Array.of(0, 97, 115, 109)], "My_Guard.wasm");
const filter = new File(["apiVersion: sluice/v1\nkind: Filter\nname: my-guard\n"], "anything.yaml");
const requests = new File(["apiVersion: sluice/v1\nkind: Requests\ncases: []\n"], "samples.yml");
const map = new File(["{}"], "My_Guard.wasm.map");

describe("readDropped", () => {
  it("tells module, document, source map and requests apart, by kind rather than by name", async () => {
    const { parts, name, problems } = await readDropped([requests, map, filter, wasm]);
    expect(problems).toEqual([]);
    expect(parts).toEqual({ module: wasm, filter, sourceMap: map, requests: [requests] });
    expect(name).toBe("my-guard");
  });

  it("names the filter after the module when there is no document", async () => {
    expect((await readDropped([wasm])).name).toBe("my-guard");
  });

  it.each([
    ["no module", [filter], "there are 0 modules"],
    ["two modules", [wasm, wasm], "there are 2 modules"],
    ["two documents", [wasm, filter, filter], "several documents of kind Filter"],
    ["a stranger", [wasm, new File([""], "notes.txt")], "notes.txt is neither"],
    ["a module over the bound", [new File([new Uint8Array(MODULE_BYTES_MAX + 1)], "a.wasm")], "larger than 16 MiB"],
  ])("refuses %s", async (_name, files, problem) => {
    const { parts, problems } = await readDropped(files);
    expect(parts).toBeNull();
    expect(problems.join()).toContain(problem);
  });

  it("has the registry's own bound", () => {
    expect(MODULE_BYTES_MAX).toBe(REGISTRY_MODULE_BYTES_MAX);
  });
});
