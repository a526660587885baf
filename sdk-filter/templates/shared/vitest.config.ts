// Only *.test.ts: specs in assembly/ are AssemblyScript and run by `describeSpecs` of @sluice/sdk-filter/as-pect.
import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["*.test.ts"], testTimeout: 30_000 } });
