import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FolderWatch } from "./folder-watch.ts";

let root: string;
let folder: string;
let saves: number;
let waiting: (() => void) | null;
let opened: FolderWatch;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sluice-watch-"));
  folder = join(root, "guard");
  for (const inner of ["assembly", "build", "node_modules/x", ".git"])
    mkdirSync(join(folder, inner), { recursive: true });
  writeFileSync(join(folder, "assembly/index.ts"), "1");
  writeFileSync(join(root, "rules.yaml"), "a: 1");
  saves = 0;
  waiting = null;
  opened = new FolderWatch({
    folder,
    files: [join(root, "rules.yaml")],
    onSave: () => {
      saves += 1;
      waiting?.();
    },
  });
});
afterEach(() => {
  opened.close();
  rmSync(root, { recursive: true });
});

function save(file: string, text: string): void {
  writeFileSync(join(folder, file), text);
}

/** Resolves at the next save. */
function nextSave(): Promise<void> {
  return new Promise((resolve) => (waiting = resolve));
}

describe("FolderWatch", () => {
  it.each([
    ["a source", () => save("assembly/index.ts", "2")],
    ["the filter's document", () => save("filter.yaml", "name: a")],
    [
      "a file put in the old one's place",
      () => {
        save("assembly/.index.ts.swp", "3");
        renameSync(join(folder, "assembly/.index.ts.swp"), join(folder, "assembly/index.ts"));
      },
    ],
    ["a file outside that belongs to it", () => writeFileSync(join(root, "rules.yaml"), "a: 2")],
  ])("tells of %s", async (_name, change) => {
    const saved = nextSave();
    change();
    await saved;
    expect(saves).toBe(1);
  });

  it("tells of a save in several steps once, and of what is in folders that are new", async () => {
    const first = nextSave();
    mkdirSync(join(folder, "requests"));
    await first;
    const second = nextSave();
    for (const text of ["", "a", "ab"]) save("requests/areas.yaml", text);
    await second;
    expect(saves).toBe(2);
  });

  it("takes no notice of what a build writes, of packages, of hidden folders and of other files beside its own", async () => {
    save("build/guard.wasm.map", "x");
    save("node_modules/x/index.ts", "x");
    save(".git/index.ts", "x");
    save("assembly/note.txt", "x");
    writeFileSync(join(root, "other.yaml"), "x");
    const saved = nextSave();
    save("assembly/index.ts", "4");
    await saved;
    expect(saves).toBe(1);
  });
});
