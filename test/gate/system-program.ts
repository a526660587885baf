// Programs of the operating system that some tests need (a browser). Without one the test is skipped with one visible
// line; in CI, where .ci/run installs them all, a missing one is a failure, so that nothing is skipped unseen.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The path of the first of `names` found on PATH, or null after saying on stdout what is skipped. Throws when CI is set. */
export function systemProgram(names: readonly string[], debianPackage: string): string | null {
  const found = findOnPath(names);
  if (found !== null) return found;
  const sentence = `${names.join(" or ")} is not installed (Debian package ${debianPackage})`;
  if (process.env["CI"] === "true") throw new Error(sentence);
  process.stdout.write(`\nskipped: ${sentence}\n`);
  return null;
}

function findOnPath(names: readonly string[]): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  const candidates = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
