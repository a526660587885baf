import { describe, expect, it } from "vitest";
import { brokenArrows } from "./arrows.ts";

const table = [
  { name: "abi takes nothing of ours", path: "abi/a.ts", text: 'import { x } from "@sluice/proxy";', broken: true },
  { name: "proxy takes abi", path: "proxy/a.ts", text: 'import { x } from "@sluice/abi";', broken: false },
  {
    name: "registry takes the contract",
    path: "registry/a.ts",
    text: 'import type { D } from "@sluice/proxy/contract";',
    broken: false,
  },
  {
    name: "registry takes no more of proxy",
    path: "registry/a.ts",
    text: 'import { x } from "@sluice/proxy";',
    broken: true,
  },
  {
    name: "sdk-filter takes no proxy",
    path: "sdk-filter/a.ts",
    text: 'export { x } from "@sluice/proxy";',
    broken: true,
  },
  {
    name: "filters take the SDK's assembly",
    path: "filters-as/r/assembly/index.ts",
    text: 'import { F } from "@sluice/sdk-filter/assembly";',
    broken: false,
  },
  { name: "filters take no abi", path: "filters-as/r/a.ts", text: 'import { F } from "@sluice/abi";', broken: true },
  { name: "bin takes all", path: "bin/a.ts", text: 'import { x } from "@sluice/registry";', broken: false },
  {
    name: "a path around the package face",
    path: "bin/a.ts",
    text: 'import { x } from "../proxy/main/main.ts";',
    broken: true,
  },
  {
    name: "test reaches into a part by path",
    path: "test/e2e/a.ts",
    text: 'import { x } from "../../proxy/main/main.ts";',
    broken: false,
  },
  { name: "import() counts", path: "abi/a.ts", text: 'const x = await import("@sluice/bin");', broken: true },
  {
    name: "an import over several lines counts",
    path: "abi/a.ts",
    text: 'import {\n  a,\n  b,\n} from "@sluice/bin";',
    broken: true,
  },
  {
    name: "an example in a comment does not",
    path: "abi/a.ts",
    text: '/**\n * import { a } from "@sluice/bin";\n */\n// import "@sluice/bin";',
    broken: false,
  },
  { name: "a bare import counts", path: "abi/a.ts", text: 'import "@sluice/bin";', broken: true },
  {
    name: "a string in an exported function does not",
    path: "abi/a.ts",
    text: '// HOT: bench\nexport function f(x: string) {\n  return x ===\n    "@sluice/bin"\n}',
    broken: false,
  },
  {
    name: "a hot file takes no package",
    path: "proxy/a.ts",
    text: '// HOT: bench proxy\nimport x from "ajv";',
    broken: true,
  },
  {
    name: "a hot file takes node's own modules",
    path: "proxy/a.ts",
    text: '// HOT: bench proxy\nimport net from "node:net";',
    broken: false,
  },
];

describe("brokenArrows", () => {
  for (const row of table) {
    it(`${row.broken ? "refuses" : "accepts"}: ${row.name}`, () => {
      expect(brokenArrows([{ path: row.path, text: row.text }]).length > 0).toBe(row.broken);
    });
  }
});
