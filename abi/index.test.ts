import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

interface Export {
  readonly name: string;
  readonly path: string;
}

/** Names that a file takes over from others, with the file that declares each. */
function exportsOf(path: string): Export[] {
  const statements = readFileSync(path, "utf8").matchAll(/^export (?:type )?\{([^}]*)\} from "(\.[^"]+)"/gm);
  return [...statements].flatMap(([, names, from]) => {
    const source = join(dirname(path), from!);
    const own = names!.split(",").map((name) => name.trim().split(" as ")[0]!);
    return own.filter((name) => name !== "").map((name) => declared({ name, path: source }));
  });
}

function declared({ name, path }: Export): Export {
  return exportsOf(path).find((each) => each.name === name) ?? { name, path };
}

function hasDocstring({ name, path }: Export): boolean {
  const declaration = `export (?:async )?(?:const|function|class|interface|type) ${name}\\b`;
  return new RegExp(`\\*/\\n${declaration}`).test(readFileSync(path, "utf8"));
}

it("every public name of the package has a docstring", () => {
  const all = exportsOf(join(import.meta.dirname, "index.ts"));
  expect(all.length).toBeGreaterThan(100);
  expect(all.filter((each) => !hasDocstring(each)).map(({ name, path }) => `${name} (${path})`)).toEqual([]);
});
