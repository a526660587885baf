// What is packed: the packages, and what goes into each beside the JavaScript made of its TypeScript. Nothing else does: no
// tests, no fixtures, no sources that only a checkout can run.

/** One package as it stands in the checkout and as it is packed. */
export interface PackagePlan {
  readonly folder: string;
  /** Globs within the folder: files that are packed as they are. */
  readonly assets: readonly string[];
  /** Globs within `assets` that stay behind. */
  readonly except?: readonly string[];
}

export const packages: readonly PackagePlan[] = [
  { folder: "abi", assets: ["*.d.ts", "README.md"] },
  { folder: "proxy", assets: ["supervisor/*.js", "supervisor/*.d.ts"] },
  { folder: "registry", assets: ["console/dist/**"] },
  {
    folder: "sdk-filter",
    // The SDK stays as it is written: the AssemblyScript compiler reads it in the author's project.
    assets: ["README.md", "assembly/**", "templates/**", "as-pect/*.d.ts"],
    except: ["assembly/**/*.spec.ts"],
  },
  {
    folder: "filters-as",
    assets: ["*/filter.yaml", "*/README.md", "*/requests/*", "*/assembly/**", "*/build/*.wasm", "*/build/*.wasm.map"],
    except: ["*/assembly/**/*.spec.ts", "*/assembly/tsconfig.json"],
  },
  { folder: "bin", assets: ["sluice.js", "demo/*.yaml"] },
];
