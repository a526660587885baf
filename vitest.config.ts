// Two projects: `unit` lives beside the code and runs in parallel; `e2e` opens sockets and runs one file at a time.
import { defineConfig } from "vitest/config";

const unitFolders = ["abi", "proxy", "registry", "sdk-filter", "filters-as", "bin", "release"];

export default defineConfig({
  test: {
    reporters: ["default", "./test/gate/count-reporter.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: [
            ...unitFolders.map((folder) => `${folder}/**/*.test.ts`),
            "test/{bench,conformance,gate,load}/**/*.test.ts",
          ],
          exclude: ["**/node_modules/**", "**/build/**", "**/templates/**"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
