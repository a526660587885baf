// One run of the AssemblyScript compiler, in this process: the first costs seconds while binaryen loads, the next half
// a second each; the command line would pay for the loading every time.

import { existsSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import type { Transform } from "assemblyscript/transform";
import { SluiceError } from "@sluice/abi";
import { SDK_ERRORS } from "../errors.ts";

/** Runtimes a filter may be built with: `stub` never frees, `incremental` collects by itself and is larger. */
export type AssemblyRuntime = "minimal" | "incremental" | "stub";

export interface AssemblyBuild {
  /** The filter's folder; source begins at assembly/index.ts. */
  readonly folder: string;
  readonly wasmFile: string;
  readonly runtime: AssemblyRuntime;
}

/** Compiles; answers what the compiler printed. Throws E4003 with its messages when it refuses. */
export async function compileAssembly({ folder, wasmFile, runtime }: AssemblyBuild): Promise<string> {
  const entry = join("assembly", "index.ts");
  // The compiler prints its help and succeeds when it is given no entry, so what it leaves is looked at, not its word.
  if (!existsSync(join(folder, entry)))
    throw new SluiceError(SDK_ERRORS.noEntry, `${join(folder, entry)} does not exist`);
  rmSync(wasmFile, { force: true });
  const [{ default: asc }, { unusedCallbacks }] = await Promise.all([
    import("assemblyscript/asc"),
    import("./unused-callbacks.ts"),
  ]);
  const printed: string[] = [];
  const stream = { write: (chunk: string | Uint8Array): void => void printed.push(String(chunk)) };
  const { error } = await asc.main([entry, "--baseDir", folder, ...options(relative(folder, wasmFile), runtime)], {
    stdout: stream,
    stderr: stream,
    transforms: [unusedCallbacks as unknown as Transform],
  });
  if (error !== null || !existsSync(wasmFile)) {
    throw new SluiceError(SDK_ERRORS.doesNotCompile, `${folder} does not compile\n${printed.join("").trim()}`);
  }
  return printed.join("");
}

// `--noColors`: FORCE_COLOR in the environment, also as 0, would colour messages that others read. `--exportStart`: without it the code runs as the module's start function, before the host can see its memory.
// `--debug` only adds the functions' names, which the host's errors show.
const OPTIONS =
  "--noColors --sourceMap --debug --exportStart _initialize --optimizeLevel 3 --shrinkLevel 1 " +
  "--use abort=~lib/@sluice/sdk-filter/assembly/abort/abortFilter " +
  "--use console=~lib/@sluice/sdk-filter/assembly/log/console";

function options(outFile: string, runtime: AssemblyRuntime): string[] {
  return ["--outFile", outFile, "--runtime", runtime, ...OPTIONS.split(" ")];
}
