// Finds what makes modules out of C, Go and Rust on this machine: what stands on PATH when it can make them, else what
// Debian ships. Answers null when there is none; nothing is installed here but a newer Go through an older one.

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** A program with what it needs around it; `version` is a part of what a build is cached by. */
export interface Toolchain {
  readonly version: string;
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface RustToolchain extends Toolchain {
  readonly target: string;
}

/** A clang that has the C library and the runtime of WASI. */
export function findClang(): Toolchain | null {
  for (const program of ["clang", "clang-22", "clang-19", "clang-16", "clang-14"]) {
    const parts = ["-print-file-name=crt1-reactor.o", "-print-libgcc-file-name"];
    const files = parts.map((part) => said(program, ["--target=wasm32-wasi", part]));
    if (files.every((file) => file !== null && existsSync(file))) {
      return { version: said(program, ["--version"])!, program, env: {} };
    }
  }
  return null;
}

const RUST_TARGETS = ["wasm32-wasip1", "wasm32-wasi"];

/** A Rust that has the standard library for WASI. */
export function findRust(): RustToolchain | null {
  for (const folder of ["", "/usr/bin/"]) {
    const rustc = `${folder}rustc`;
    const program = `${folder}cargo`;
    const version = said(rustc, ["--version"]);
    if (version === null || said(program, ["--version"]) === null) continue;
    const target = RUST_TARGETS.find((name) => {
      const library = said(rustc, ["--print", "target-libdir", "--target", name]);
      return library !== null && existsSync(library);
    });
    if (target !== undefined) return { version, program, env: { RUSTC: rustc, ...sparseIndex(version) }, target };
  }
  return null;
}

/** Before 1.68 the index that can be read file by file was there, but not yet called stable. */
function sparseIndex(version: string): Record<string, string> {
  const minor = Number(/^rustc 1\.(\d+)\./.exec(version)?.[1]);
  return minor < 68 ? { RUSTC_BOOTSTRAP: "1", CARGO_UNSTABLE_SPARSE_REGISTRY: "true" } : {};
}

/** The first Go that exports functions to WebAssembly is 1.24. */
const GO_MINOR_MIN = 24;
const GO_FETCHED = "1.24.4";

/** A Go that is new enough. An older one fetches a newer as a module, which is how Go itself does it since 1.21. */
export function findGo(): Toolchain | null {
  const version = said("go", ["version"]);
  if (version === null) return null;
  const minor = Number(/\bgo1\.(\d+)/.exec(version)?.[1]);
  return minor >= GO_MINOR_MIN ? { version, program: "go", env: { GOTOOLCHAIN: "local" } } : fetchGo();
}

function fetchGo(): Toolchain | null {
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const module = `golang.org/toolchain@v0.0.1-go${GO_FETCHED}.${process.platform}-${arch}`;
  const fetched = said("go", ["mod", "download", "-json", module], { GO111MODULE: "on" });
  if (fetched === null) return null;
  const { Dir: root } = JSON.parse(fetched) as { readonly Dir: string };
  allowRunning(root);
  const program = join(root, "bin/go");
  const env = { GOTOOLCHAIN: "local", GOROOT: root };
  return { version: said(program, ["version"], env)!, program, env };
}

/** Modules travel without the permission to run. */
function allowRunning(root: string): void {
  const tools = join(root, "pkg/tool");
  const folders = [join(root, "bin"), ...readdirSync(tools).map((name) => join(tools, name))];
  for (const folder of folders) for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o755);
}

/** What a program printed, trimmed; null when there is no such program or it failed. */
function said(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string | null {
  const { status, stdout } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
    // Away from rust-toolchain and go.mod files.
    cwd: dirname(process.execPath),
    timeout: 120_000,
  });
  return status === 0 ? stdout.trim() : null;
}
