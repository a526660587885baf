import { describe, expect, it } from "vitest";
import { describeFailure } from "./failure.ts";
import { FrameNames } from "./frame-names.ts";

const OFFSETS = { rewritten: new Uint32Array(0), original: new Uint32Array(0) };
const PLUGIN = { slot: "s", filter: "f", version: "v", revision: "r" };

/** What a failure shows of a stack with these lines. */
function shownOf(...lines: string[]): string | null {
  const thrown = new WebAssembly.RuntimeError("unreachable");
  thrown.stack = ["RuntimeError: unreachable", ...lines].join("\n");
  const meter = { fuelSpent: false, depthSpent: false };
  const stop = { thrown, callback: "proxy_on_log", meter, lastWords: null };
  return describeFailure(PLUGIN, stop, new FrameNames(OFFSETS, null)).at;
}

const frame = (name: string): string => `    at ${name} (wasm://wasm/0a1b2c3d:wasm-function[7]:0x2f)`;

describe("describeFailure", () => {
  it("shows functions by name, or by index where they have none, and leaves the host's out", () => {
    const unnamed = "    at wasm://wasm/0a1b2c3d:wasm-function[7]:0x2f";
    expect(shownOf(frame("inner"), unnamed, "    at Instance.call (instance.ts:1:1)")).toBe("inner < function 7");
  });

  it("takes a name that looks like a place for a name", () => {
    const name = "x (wasm://wasm/0a1b2c3d:wasm-function[1]:0x1)";
    expect(shownOf(frame(name))).toBe(name);
  });

  it("cuts names of megabytes short, in no time", () => {
    const shown = shownOf(...["at (", "wasm://wasm/"].map((text) => frame(text.repeat(1_000_000))));
    expect(shown!.length).toBeLessThan(300);
  });

  it("escapes control characters in names", () => {
    expect(shownOf(frame("\u001b[2J\u2028red"))).toBe("\\u001b[2J\\u2028red");
  });
});
