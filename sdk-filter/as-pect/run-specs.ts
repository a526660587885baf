// Compiles the specs of a filter (assembly/**/*.spec.ts, written for as-pect) and runs them; answers what came of each.

import { createRequire } from "node:module";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { EmptyReporter, TestContext } from "@as-pect/core";
import type { TestNode } from "@as-pect/core";
import { instantiateSync } from "@assemblyscript/loader";
import type { Transform } from "assemblyscript/transform";
import { SluiceError } from "@sluice/abi";
import { SDK_ERRORS } from "../errors.ts";
import { CompatibleAsPectTransform } from "./as-pect-transform.ts";

/** A test of a spec: the names of the groups around it, and why it failed (null: it passed). */
export interface SpecResult {
  readonly groups: readonly string[];
  readonly name: string;
  readonly failure: string | null;
}

/** Runs every spec below `folder`/assembly in one module. Throws E4003 when they do not compile. */
export async function runSpecs(folder: string): Promise<SpecResult[]> {
  const entries = await readdir(join(folder, "assembly"), { recursive: true });
  const specs = entries.filter((file) => file.endsWith(".spec.ts")).sort();
  if (specs.length === 0) throw new SluiceError(SDK_ERRORS.doesNotCompile, `${folder}/assembly has no *.spec.ts`);
  const binary = await compile(
    folder,
    specs.map((file) => join("assembly", file)),
  );
  const context = new TestContext({ fileName: folder, reporter: new EmptyReporter(), binary });
  context.run(instantiateSync(binary, context.createImports(absentHostcalls(binary))) as never);
  return collect(context.rootNode, []);
}

const OPTIONS = "--debug --exportStart _start --exportRuntime --exportTable --use RTRACE=1";

async function compile(folder: string, specs: readonly string[]): Promise<Uint8Array> {
  const { default: asc } = await import("assemblyscript/asc");
  const asPect = join(
    dirname(createRequire(import.meta.url).resolve("@as-pect/core")),
    "../../assembly/assembly/index.ts",
  );
  const outFolder = await mkdtemp(join(tmpdir(), "sluice-specs-"));
  const printed: string[] = [];
  const stream = { write: (chunk: string | Uint8Array): void => void printed.push(String(chunk)) };
  const outFile = join(outFolder, "specs.wasm");
  try {
    const { error } = await asc.main(
      [
        ...specs,
        relative(folder, asPect),
        "--baseDir",
        folder,
        "--outFile",
        relative(folder, outFile),
        ...OPTIONS.split(" "),
      ],
      { stdout: stream, stderr: stream, transforms: [new CompatibleAsPectTransform() as unknown as Transform] },
    );
    if (error !== null)
      throw new SluiceError(SDK_ERRORS.doesNotCompile, `the specs of ${folder} do not compile\n${printed.join("")}`);
    return new Uint8Array(await readFile(outFile));
  } finally {
    await rm(outFolder, { recursive: true, force: true });
  }
}

// Specs test what needs no host. What they import may mention hostcalls all the same; calling one is a mistake that says so.
function absentHostcalls(binary: Uint8Array): Record<string, Record<string, () => never>> {
  const imports: Record<string, Record<string, () => never>> = {};
  for (const { module, name } of WebAssembly.Module.imports(new WebAssembly.Module(binary))) {
    if (!/^(proxy|policy)_/.test(name)) continue;
    (imports[module] ??= {})[name] = () => {
      throw new Error(`${name} needs a host: test it with FilterUnderTest`);
    };
  }
  return imports;
}

const TEST_NODE = 0;

function collect(node: TestNode, groups: readonly string[]): SpecResult[] {
  if (Number(node.type) === TEST_NODE)
    return [{ groups, name: node.name, failure: node.pass ? null : failureOf(node) }];
  const inner = node.parent === null ? groups : [...groups, node.name];
  const failedAround =
    !node.pass && node.children.length === 0 ? [{ groups: inner, name: "runs", failure: failureOf(node) }] : [];
  return [...failedAround, ...node.children.flatMap((child) => collect(child, inner))];
}

function failureOf({ message, expected, actual, stackTrace }: TestNode): string {
  const wanted = expected === null ? "" : `\nexpected ${expected.stringify()}`;
  const got = actual === null ? "" : `\nactual   ${actual.stringify()}`;
  return `${message ?? "failed"}${wanted}${got}${stackTrace === null ? "" : `\n${stackTrace}`}`;
}
