// Which of our packages a new filter's package.json asks for, and from where: as its project does that the command was installed
// in, else by the version of the command that runs.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import manifest from "./package.json" with { type: "json" };

const authorsPackages = ["@sluice/bin", "@sluice/sdk-filter"];

/** Name → npm specification for a package.json in `folder`. Nothing in a checkout, where a filter uses the packages around it. */
export function packagesFor(folder: string): Record<string, string> {
  if (!import.meta.dirname.includes(`${sep}node_modules${sep}`)) return {};
  const published = Object.fromEntries(authorsPackages.map((name) => [name, `^${manifest.version}`]));
  return { ...published, ...projectPackages(folder) };
}

/** Those of the nearest package.json above `folder` that names any; paths of tarballs and folders said anew from `folder`. */
export function projectPackages(folder: string): Record<string, string> {
  for (let at = dirname(folder); at !== dirname(at); at = dirname(at)) {
    const ours = oursIn(join(at, "package.json"));
    if (ours.length > 0) return Object.fromEntries(ours.map(([name, spec]) => [name, seenFrom(folder, at, spec)]));
  }
  return {};
}

function oursIn(file: string): [name: string, spec: string][] {
  if (!existsSync(file)) return [];
  const project = JSON.parse(readFileSync(file, "utf8")) as Record<string, Record<string, string> | undefined>;
  const all = { ...project["dependencies"], ...project["devDependencies"] };
  return Object.entries(all).filter(([name]) => name.startsWith("@sluice/"));
}

function seenFrom(folder: string, project: string, spec: string): string {
  if (!spec.startsWith("file:")) return spec;
  return `file:${relative(folder, resolve(project, spec.slice("file:".length)))}`;
}
