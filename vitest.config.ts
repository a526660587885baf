// Three projects: `unit` lives beside the code, `conformance` asks a host (a hundred small files over the same modules, which
// are therefore loaded once for all of them), `e2e` starts real processes. Two files at a time: most of an e2e file is
// waiting for processes to start, and one fewer than the cores (vitest's default) is one on a small machine.
import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Processes that tests start load the same sources again and again; compiled once, they start in half the time.
const env = { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compiled") };

const unitFolders = ["abi", "proxy", "registry", "sdk-filter", "filters-as", "bin", "release"];

export default defineConfig({
  test: {
    reporters: ["default", "./test/gate/count-reporter.ts"],
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "unit",
          env,
          include: [
            ...unitFolders.map((folder) => `${folder}/**/*.test.ts`),
            "test/{bench,behaviour,containment,fuzz,gate,load}/**/*.test.ts",
          ],
          exclude: ["**/node_modules/**", "**/build/**", "**/templates/**"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "conformance",
          env,
          include: ["test/conformance/**/*.test.ts"],
          isolate: false,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "e2e",
          env,
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
