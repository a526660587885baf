// The documents name files so that readers find them: a name that no longer leads anywhere fails here.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const documents = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "abi/README.md",
  "test/conformance/README.md",
  "docs/host-differences.md",
  "docs/dependencies.md",
];
const rooms = ["abi", "proxy", "registry", "sdk-filter", "filters-as", "bin", "test", "docs"];

/** Paths in backticks that begin with a room's name and are written out: no NAME, no pattern. */
function namedPaths(text: string): string[] {
  const quoted = [...text.matchAll(/`([^`\s]+)`/g)].map((match) => match[1] ?? "");
  return quoted.filter(
    (path) => rooms.some((room) => path.startsWith(`${room}/`)) && !/[A-Z*<]{3}|\*/.test(path.replace("README.md", "")),
  );
}

function linkedPaths(text: string): string[] {
  return [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1] ?? "");
}

describe("Documents", () => {
  for (const document of documents) {
    it(`${document} names only files that are there`, () => {
      const text = readFileSync(join(root, document), "utf8");
      const missing = [
        ...namedPaths(text).filter((path) => !existsSync(join(root, path))),
        ...linkedPaths(text).filter((path) => !existsSync(join(root, dirname(document), path))),
      ];
      expect(missing).toEqual([]);
    });
  }

  it("docs/dependencies.md has a row for every dependency of every package", () => {
    const page = readFileSync(join(root, "docs/dependencies.md"), "utf8");
    const files = [".", ...rooms.filter((room) => room !== "docs")].map((room) => join(root, room, "package.json"));
    const names = files.flatMap((file) => {
      const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readFileSync(file, "utf8")) as Record<
        string,
        object | undefined
      >;
      return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
    });
    const missing = [...new Set(names)].filter((name) => !name.startsWith("@sluice/") && !page.includes(`\`${name}\``));
    expect(missing).toEqual([]);
  });
});
