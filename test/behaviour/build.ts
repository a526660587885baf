// Builds the guests of the behaviour filter into build/, one after the other, each only when its sources or its
// toolchain changed: `npx node test/behaviour/build.ts`. A guest whose toolchain is missing is skipped in one line that says
// how to get it; under CI=true that is a failure.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { buildFilter } from "@sluice/sdk-filter";
import { GUESTS } from "./guests.ts";
import type { GuestName } from "./guests.ts";
import { findClang, findGo, findRust } from "./toolchains.ts";

const here = import.meta.dirname;
const output = join(here, "build");

/** A guest's module, or how to get what would make it. */
export type GuestModule = { readonly file: string } | { readonly missing: string };

/** How one guest is made. */
interface Recipe {
  readonly folder: string;
  /** In the folder, as globs. */
  readonly sources: readonly string[];
  readonly version: string;
  /** Puts the module into a file that is not there yet. */
  build(file: string): Promise<void>;
}

/** Builds what is stale. Throws when a build fails, and in CI when a toolchain is missing. */
export async function buildGuests(): Promise<ReadonlyMap<GuestName, GuestModule>> {
  mkdirSync(output, { recursive: true });
  const modules = new Map<GuestName, GuestModule>();
  for (const { name } of GUESTS) modules.set(name, await guestModule(name));
  return modules;
}

async function guestModule(name: GuestName): Promise<GuestModule> {
  const recipe = RECIPES[name]();
  if (typeof recipe === "string") {
    const missing = `the behaviour filter's guest ${name}: ${recipe}`;
    if (process.env["CI"] === "true") throw new Error(missing);
    return { missing };
  }
  const file = join(output, `${name}.wasm`);
  const inputs = `${file}.inputs`;
  const digest = digestOf(recipe);
  if (existsSync(file) && existsSync(inputs) && readFileSync(inputs, "utf8") === digest) return { file };
  await buildAside(recipe, file);
  writeFileSync(inputs, digest);
  return { file };
}

/** Two processes may build at once: each in a folder of its own, and the module appears as a whole. */
async function buildAside(recipe: Recipe, file: string): Promise<void> {
  const draft = mkdtempSync(join(output, ".draft-"));
  try {
    const made = join(draft, "module.wasm");
    await recipe.build(made);
    renameSync(made, file);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function digestOf({ folder, sources, version }: Recipe): string {
  const hash = createHash("sha256")
    .update(version)
    .update(readFileSync(import.meta.filename));
  const files = globSync(sources, { cwd: folder }).toSorted();
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(folder, file)));
  return hash.digest("hex");
}

const RECIPES: Readonly<Record<GuestName, () => Recipe | string>> = {
  assemblyscript: assemblyScriptRecipe,
  solo: soloRecipe,
  rust: rustRecipe,
  go: goRecipe,
  c: () => cRecipe("-mexec-model=reactor"),
  // A command: its exports are called after its main has returned.
  "c-0-1-0": () => cRecipe("-mexec-model=command", "-DABI_0_1_0"),
};

function assemblyScriptRecipe(): Recipe {
  return {
    folder: join(here, "assemblyscript"),
    sources: ["filter.yaml", "assembly/index.ts", "../../../sdk-filter/assembly/**/*.ts"],
    version: "",
    async build(file) {
      const { wasmFile } = await buildFilter(join(here, "assemblyscript"), { onlyWhenStale: true });
      copyFileSync(wasmFile, file);
    },
  };
}

// 0.14 is what @solo-io/proxy-runtime was written for; its runtime is gone from later compilers.
function soloRecipe(): Recipe {
  const compiler = createRequire(import.meta.url).resolve("assemblyscript-0.14/package.json");
  const packages = dirname(dirname(compiler));
  const asc = join(dirname(compiler), "bin/asc");
  // The SDK hands the host a size where a pointer belongs, so low addresses are written: nothing may lie there.
  const options = [
    "--use",
    "abort=abort_proc_exit",
    "--optimize",
    "--debug",
    "--memoryBase",
    "1024",
    "--path",
    packages,
  ];
  return {
    folder: join(here, "solo"),
    sources: ["assembly/index.ts"],
    version: readFileSync(compiler, "utf8"),
    build: (file) =>
      run(process.execPath, [asc, "assembly/index.ts", "-b", file, ...options], { cwd: join(here, "solo") }),
  };
}

function rustRecipe(): Recipe | string {
  const rust = findRust();
  if (rust === null) return "no Rust for wasm32-wasi; Debian: apt-get install cargo rustc libstd-rust-dev-wasm32 lld";
  const { version, program, target } = rust;
  const made = join(output, "cargo");
  const env = { ...rust.env, CARGO_TARGET_DIR: made };
  return {
    folder: join(here, "rust"),
    sources: ["Cargo.toml", "Cargo.lock", "src/*.rs"],
    version: `${version} ${target}`,
    async build(file) {
      const args = ["build", "--quiet", "--release", "--locked", "--jobs", "1", "--target", target];
      await run(program, args, { cwd: join(here, "rust"), env });
      copyFileSync(join(made, target, "release/behaviour.wasm"), file);
    },
  };
}

function goRecipe(): Recipe | string {
  const go = findGo();
  if (go === null) return "no Go; Debian: apt-get install golang-go";
  const env = { ...go.env, GOOS: "wasip1", GOARCH: "wasm", GOFLAGS: "-mod=readonly -buildvcs=false" };
  return {
    folder: join(here, "go"),
    sources: ["go.mod", "go.sum", "*.go"],
    version: go.version,
    build: (file) =>
      run(go.program, ["build", "-p", "1", "-trimpath", "-buildmode=c-shared", "-o", file, "."], {
        cwd: join(here, "go"),
        env,
      }),
  };
}

function cRecipe(...variant: readonly string[]): Recipe | string {
  const clang = findClang();
  if (clang === null)
    return "no clang for wasm32-wasi; Debian: apt-get install clang lld wasi-libc libclang-rt-dev-wasm32";
  const options = ["--target=wasm32-wasi", ...variant, "-O2", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"];
  return {
    folder: join(here, "c"),
    sources: ["*.c", "*.h"],
    version: clang.version,
    build: (file) => run(clang.program, [...options, "-o", file, "behaviour.c", "guest.c"], { cwd: join(here, "c") }),
  };
}

/** Throws with what the program printed when it fails. */
async function run(
  program: string,
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<void> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (printed += String(chunk)));
  const exitCode = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (exitCode !== 0) throw new Error(`${program} ${args.join(" ")} failed in ${cwd}\n${printed}`);
}

if (import.meta.main) {
  for (const [name, module] of await buildGuests()) {
    console.log(
      "missing" in module ? `skipped: ${module.missing}` : `${name}: ${readFileSync(module.file).length} bytes`,
    );
  }
}
