import type { ModuleArtifact } from "@sluice/abi";
import { describe, expect, it } from "vitest";
import { sha256 } from "../contract/index.ts";
import type { Revision } from "../contract/index.ts";
import { RevisionLoader } from "./revision-loader.ts";
import type { VersionSource } from "./version-source.ts";

const version = sha256("v");
const source: VersionSource = {
  version: () => Promise.resolve({ version, module: new Uint8Array(1), document: null }),
};
const revision: Revision = { filter: "f", version };

function loaderOf(trial: () => Promise<void>) {
  const counts = { tried: 0, prepared: 0 };
  const loader = new RevisionLoader(
    () => (counts.tried++, trial()),
    () => (counts.prepared++, {} as ModuleArtifact),
  );
  return { loader, counts };
}

describe("RevisionLoader", () => {
  it("tries a revision once, also when it is asked for twice at a time", async () => {
    const { loader, counts } = loaderOf(() => Promise.resolve());
    const [one, two] = await Promise.all([loader.load(revision, source), loader.load(revision, source)]);
    expect(one).toBe(two);
    expect(await loader.load(revision, source)).toBe(one);
    expect(counts).toEqual({ tried: 1, prepared: 1 });
  });

  it("tries another configuration of a version, and compiles the version once", async () => {
    const { loader, counts } = loaderOf(() => Promise.resolve());
    const one = await loader.load(revision, source);
    const two = await loader.load({ ...revision, pluginConfig: {} }, source);
    expect(two.artifact).toBe(one.artifact);
    expect(two.revision).not.toBe(one.revision);
    expect(counts).toEqual({ tried: 2, prepared: 1 });
  });

  it("tries a refused revision anew when it is asked for again", async () => {
    let isGood = false;
    const { loader, counts } = loaderOf(() => (isGood ? Promise.resolve() : Promise.reject(new Error("refused"))));
    await expect(loader.load(revision, source)).rejects.toThrow("refused");
    isGood = true;
    await loader.load(revision, source);
    expect(counts).toEqual({ tried: 2, prepared: 1 });
  });
});
