// `sluice init`: a folder for a new filter that builds and passes its tests at once. The files are those of
// templates/filter with the name put in.

import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { SluiceError } from "@sluice/abi";
import { SDK_ERRORS } from "../errors.ts";
import { writeConfigClasses } from "./config-classes.ts";
import { readFilterFolder } from "./filter-folder.ts";

export interface NewFilter {
  readonly folder: string;
  /** Relative to the folder. */
  readonly files: readonly string[];
}

const TEMPLATE = join(import.meta.dirname, "..", "templates", "filter");
const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Writes a new filter's folder. Throws E4006 when it is not empty, E4007 for a bad name, E4010 outside a checkout. */
export async function initFilter(name: string, folder: string): Promise<NewFilter> {
  const target = resolve(folder);
  if (!NAME.test(name)) throw new SluiceError(SDK_ERRORS.badName, `'${name}' is no filter name`);
  if (existsSync(target) && (await readdir(target)).length > 0) {
    throw new SluiceError(SDK_ERRORS.folderExists, `${target} exists and is not empty`);
  }
  if (!findsSdk(target))
    throw new SluiceError(SDK_ERRORS.sdkNotFound, `no @sluice/sdk-filter can be found from ${target}`);
  const entries = await readdir(TEMPLATE, { recursive: true, withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.filter((found) => found.isFile())) {
    const source = join(entry.parentPath, entry.name);
    const file = fileName(source.slice(TEMPLATE.length + 1), name);
    await mkdir(dirname(join(target, file)), { recursive: true });
    await writeFile(join(target, file), withName(await readFile(source, "utf8"), name));
    files.push(file);
  }
  await writeConfigClasses(await readFilterFolder(target));
  return { folder: target, files: [...new Set([...files, join("assembly", "config.ts")])].sort() };
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
