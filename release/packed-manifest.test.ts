import { describe, expect, it } from "vitest";
import { packedManifest } from "./packed-manifest.ts";

const manifest = {
  name: "@sluice/sample",
  version: "1.2.3",
  type: "module",
  exports: {
    ".": "./index.ts",
    "./assembly": "./assembly/index.ts",
    "./assembly/*": "./assembly/*.ts",
    "./build": "./build.ts",
  },
  dependencies: { "@sluice/other": "1.2.3" },
  devDependencies: { wabt: "1.0.0" },
};
const packed = new Set(["./index.js", "./assembly/index.ts"]);

describe("packedManifest", () => {
  const result = packedManifest(manifest, (path) => packed.has(path));

  it("names code and types where a face was TypeScript, and leaves AssemblyScript as it is", () => {
    expect(result.exports["."]).toEqual({ types: "./index.d.ts", default: "./index.js" });
    expect(result.exports["./assembly"]).toBe("./assembly/index.ts");
    expect(result.exports["./assembly/*"]).toBe("./assembly/*.ts");
  });

  it("leaves out a face whose file is not packed", () => {
    expect(Object.keys(result.exports)).not.toContain("./build");
  });

  it("keeps what is needed at run time and drops what only a checkout needs", () => {
    expect(result).toMatchObject({
      name: "@sluice/sample",
      version: "1.2.3",
      dependencies: { "@sluice/other": "1.2.3" },
    });
    expect(result).not.toHaveProperty("devDependencies");
  });
});
