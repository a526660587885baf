// `sluice init`: a folder for a new filter that builds and passes its tests at once. The files are those of
// templates/shared and of one template beside it, with the name put in.

import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { SluiceError } from "@sluice/abi";
import manifest from "../package.json" with { type: "json" };
import { SDK_ERRORS } from "../errors.ts";
import { writeConfigClasses } from "./config-classes.ts";
import { readFilterFolder } from "./filter-folder.ts";

export interface NewFilter {
  readonly folder: string;
  /** Relative to the folder. */
  readonly files: readonly string[];
}

const TEMPLATES = join(import.meta.dirname, "..", "templates");
/** What a new filter may begin as: a check of its own, or one that asks a service. */
export const FILTER_TEMPLATES = ["check", "callout"] as const;
export type FilterTemplate = (typeof FILTER_TEMPLATES)[number];
/** The vitest that the harness is tested with. */
const testRunner = manifest.peerDependencies.vitest;
const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export interface InitOptions {
  /** Default `check`. */
  readonly template?: FilterTemplate;
  /** What the folder's package.json asks for, beside vitest; without it the folder lives on what is installed above it. */
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/**
 * Writes a new filter's folder. Throws E4006 when it is not empty, E4007 for a bad name, E4010 where the SDK is not found and
 * nothing is asked for.
 */
export async function initFilter(
  name: string,
  folder: string,
  { template = "check", devDependencies = {} }: InitOptions = {},
): Promise<NewFilter> {
  const target = resolve(folder);
  if (!NAME.test(name)) throw new SluiceError(SDK_ERRORS.badName, `'${name}' is no filter name`);
  if (existsSync(target) && (await readdir(target)).length > 0) {
    throw new SluiceError(SDK_ERRORS.folderExists, `${target} exists and is not empty`);
  }
  const isOnItsOwn = Object.keys(devDependencies).length > 0;
  if (!isOnItsOwn && !findsSdk(target))
    throw new SluiceError(SDK_ERRORS.sdkNotFound, `no @sluice/sdk-filter can be found from ${target}`);
  const files = [
    ...(await copyTemplate(join(TEMPLATES, "shared"), target, name)),
    ...(await copyTemplate(join(TEMPLATES, template), target, name)),
  ];
  if (isOnItsOwn) await addDependencies(join(target, "package.json"), { ...devDependencies, vitest: testRunner });
  await writeConfigClasses(await readFilterFolder(target));
  return { folder: target, files: [...new Set([...files, join("assembly", "config.ts")])].sort() };
}

/** Answers the files it wrote, relative to the folder. */
async function copyTemplate(template: string, target: string, name: string): Promise<string[]> {
  const entries = await readdir(template, { recursive: true, withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.filter((found) => found.isFile())) {
    const source = join(entry.parentPath, entry.name);
    const file = fileName(source.slice(template.length + 1), name);
    await mkdir(dirname(join(target, file)), { recursive: true });
    await writeFile(join(target, file), withName(await readFile(source, "utf8"), name));
    files.push(file);
  }
  return files;
}

async function addDependencies(file: string, devDependencies: Readonly<Record<string, string>>): Promise<void> {
  const manifest = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
  await writeFile(file, `${JSON.stringify({ ...manifest, devDependencies }, null, 2)}\n`);
}

// npm does not pack files called .gitignore, so the template's has no dot.
function fileName(file: string, name: string): string {
  return file === "gitignore" ? ".gitignore" : file.replace("FILTER_NAME", name);
}

function withName(text: string, name: string): string {
  return text.replaceAll("FILTER_NAME", name).replaceAll("FilterClass", className(name));
}

/** `public-only` is the class PublicOnly; a name that begins with a digit gets a word before it. */
function className(name: string): string {
  const words = name.split("-").map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return /^[0-9]/.test(name) ? `Filter${words.join("")}` : words.join("");
}

/** As the compiler looks: in node_modules of the folder and of those above it. */
function findsSdk(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, "node_modules", "@sluice", "sdk-filter"))) return true;
    if (at === dirname(at)) return false;
  }
}
