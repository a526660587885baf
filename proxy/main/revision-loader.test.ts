import { SluiceError } from "@sluice/abi";
import type { ModuleArtifact } from "@sluice/abi";
import { describe, expect, it } from "vitest";
import { sha256 } from "../contract/index.ts";
import type { Revision } from "../contract/index.ts";
import { PROXY_ERRORS } from "../errors.ts";
import { RevisionLoader } from "./revision-loader.ts";
import type { LoadSteps, VersionTrial } from "./revision-loader.ts";
import { StepTimes } from "./step-times.ts";
import type { VersionSource } from "./version-source.ts";

const version = sha256("v");
const revision: Revision = { filter: "f", version };
const survived: VersionTrial = { refusal: null, isCompiled: true };
const refusal = { code: "SLUICE-E1203", message: "says no", hint: "Ask otherwise." };

/** A loader that counts its steps; `steps` replaces some. */
function loaderOf(steps: Partial<LoadSteps> = {}) {
  const counts = { read: 0, tried: 0, compiled: 0, configured: 0, rehearsed: 0 };
  const source: VersionSource = {
    version: async () => (counts.read++, { version, module: new Uint8Array(1), document: null }),
  };
  const loader = new RevisionLoader({
    tryVersion: async (...args) => (counts.tried++, (await steps.tryVersion?.(...args)) ?? survived),
    compile: async () => (counts.compiled++, {} as ModuleArtifact),
    configure: async (...args) => (counts.configured++, await steps.configure?.(...args)),
    rehearse: async (...args) => (counts.rehearsed++, (await steps.rehearse?.(...args)) ?? 3),
  });
  return { load: (one: Revision, times?: StepTimes) => loader.load(one, source, times), counts };
}

describe("RevisionLoader", () => {
  it("loads a revision once, also when it is asked for twice at a time", async () => {
    const { load, counts } = loaderOf();
    const [one, two] = await Promise.all([load(revision), load(revision)]);
    expect(one).toBe(two);
    expect(await load(revision)).toBe(one);
    expect(counts).toEqual({ read: 1, tried: 1, compiled: 1, configured: 1, rehearsed: 1 });
  });

  it("only configures another configuration of a version it has", async () => {
    const { load, counts } = loaderOf();
    const one = await load(revision);
    const times = new StepTimes();
    const two = await load({ ...revision, pluginConfig: {} }, times);
    expect(two.artifact).toBe(one.artifact);
    expect(two.revision).not.toBe(one.revision);
    expect(counts).toEqual({ read: 1, tried: 1, compiled: 1, configured: 2, rehearsed: 1 });
    expect(Object.keys(times.toJSON())).toEqual(["configure"]);
  });

  it("shares one child between two configurations of a new version", async () => {
    const { load, counts } = loaderOf();
    await Promise.all([load(revision), load({ ...revision, pluginConfig: {} })]);
    expect(counts).toEqual({ read: 1, tried: 1, compiled: 1, configured: 2, rehearsed: 1 });
  });

  it("compiles a version anew for another memory, without another child", async () => {
    const { load, counts } = loaderOf();
    await load(revision);
    await load({ ...revision, limits: { memory: "1MiB" } });
    expect(counts).toEqual({ read: 2, tried: 1, compiled: 2, configured: 2, rehearsed: 2 });
  });

  it("plays a compiled version requests once, and tells how long a worker will stand still for it", async () => {
    const { load } = loaderOf();
    const times = new StepTimes();
    await load(revision, times);
    expect(times.toJSON()).toMatchObject({ rehearse: expect.any(Number), expectedPause: 3 });
  });

  it("lets a version in that could not be played requests", async () => {
    const { load, counts } = loaderOf({ rehearse: () => Promise.reject(new Error("its thread died")) });
    const times = new StepTimes();
    await load(revision, times);
    expect(counts.rehearsed).toBe(1);
    expect(times.toJSON()).not.toHaveProperty("expectedPause");
  });

  it("refuses what the child did not survive, and tries it anew when it is asked for again", async () => {
    let trial: VersionTrial = { refusal, isCompiled: false };
    const { load, counts } = loaderOf({ tryVersion: async () => trial });
    await expect(load(revision)).rejects.toMatchObject(refusal);
    expect(counts).toEqual({ read: 1, tried: 1, compiled: 0, configured: 0, rehearsed: 0 });
    trial = survived;
    await load(revision);
    expect(counts).toEqual({ read: 2, tried: 2, compiled: 1, configured: 1, rehearsed: 1 });
  });

  it("lets a version in whose first configuration the child refused, and refuses that configuration alone", async () => {
    const { load, counts } = loaderOf({
      tryVersion: async () => ({ refusal, isCompiled: true }),
      configure: async (_version, { pluginConfig }) => {
        if (pluginConfig !== "good") throw new SluiceError(PROXY_ERRORS.internal, "says no");
      },
    });
    await expect(load({ ...revision, pluginConfig: "bad" })).rejects.toThrow("says no");
    await load({ ...revision, pluginConfig: "good" });
    expect(counts).toEqual({ read: 1, tried: 1, compiled: 1, configured: 2, rehearsed: 1 });
  });

  it("reads a module named by file each time, for its bytes may have changed", async () => {
    const { load, counts } = loaderOf();
    const byFile: Revision = { filter: "f", module: "f.wasm" };
    await load(byFile);
    await load(byFile);
    expect(counts).toEqual({ read: 2, tried: 1, compiled: 1, configured: 1, rehearsed: 1 });
  });
});
