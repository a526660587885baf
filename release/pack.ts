// `npm run pack [FOLDER]`: makes the packages that work outside a checkout, as tarballs, by default in artifacts/packages.
// In the checkout everything runs from its sources; what differs in a packed package is made here, in a staging folder.

import { execFile } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { emit, startedFiles } from "./emit.ts";
import { packages } from "./packages.ts";
import type { PackagePlan } from "./packages.ts";
import { packedManifest } from "./packed-manifest.ts";
import type { Manifest } from "./packed-manifest.ts";

const root = join(import.meta.dirname, "..");
const run = promisify(execFile);

await pack(resolve(process.argv[2] ?? join(root, "artifacts/packages")));

async function pack(target: string): Promise<void> {
  rmSync(target, { recursive: true, force: true });
  const staging = join(target, "staging");
  mkdirSync(staging, { recursive: true });
  await Promise.all([build("registry/console/build.ts"), build("filters-as/build.ts")]);
  for (const plan of packages) copyAssets(plan, staging);
  const faces = new Map(packages.flatMap(facesOf));
  const entries = [...faces.values(), "bin/cli.ts", ...packages.flatMap(({ folder }) => startedFiles(root, folder))];
  await emit({ root, staging, entries, faces });
  for (const plan of packages) writeManifest(plan, staging);
  for (const file of await makeTarballs(staging, target)) console.log(file);
}

/** What packed packages carry built: the console's page, the shipped filters' modules. Does nothing when they are fresh. */
async function build(script: string): Promise<void> {
  await run(process.execPath, [join(root, script)], { cwd: root });
}

function copyAssets({ folder, assets, except = [] }: PackagePlan, staging: string): void {
  const left = new Set(globSync([...except], { cwd: join(root, folder) }));
  const files = globSync([...assets], { cwd: join(root, folder), withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, folder).length + 1));
  for (const file of files.filter((path) => !left.has(path))) {
    const to = join(staging, folder, file);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(root, folder, file), to);
  }
  cpSync(join(root, "LICENSE"), join(staging, folder, "LICENSE"));
}

/** Every face of a package that is TypeScript of ours: how it is imported → its file, relative to the root. */
function facesOf({ folder }: PackagePlan): [name: string, file: string][] {
  const { name, exports } = readManifest(folder);
  const faces = Object.entries(exports).filter(([, file]) => isOurCode(file));
  return faces.map(([face, file]) => [join(name, face), join(folder, file)]);
}

// Not the SDK, which is AssemblyScript; not the console's build, which wants the console's sources.
function isOurCode(face: string): boolean {
  return face.endsWith(".ts") && !face.startsWith("./assembly/") && !face.startsWith("./console/");
}

function writeManifest({ folder }: PackagePlan, staging: string): void {
  const isPacked = (path: string): boolean => existsSync(join(staging, folder, path));
  const manifest = packedManifest(readManifest(folder), isPacked);
  writeFileSync(join(staging, folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Manifest;
}

async function makeTarballs(staging: string, target: string): Promise<string[]> {
  const folders = packages.map(({ folder }) => `./${folder}`);
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", target, ...folders], { cwd: staging });
  return (JSON.parse(stdout) as { filename: string }[]).map(({ filename }) => join(target, filename));
}
