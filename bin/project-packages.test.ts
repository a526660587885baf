import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packagesFor, projectPackages } from "./project-packages.ts";

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "sluice-project-"));
});
afterEach(() => rmSync(project, { recursive: true }));

function write(manifest: unknown): void {
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
}

describe("projectPackages", () => {
  it("takes over what the project around the new folder asks for, and nothing else of it", () => {
    write({
      dependencies: { "@sluice/bin": "^1.2.3", vitest: "5" },
      devDependencies: { "@sluice/sdk-filter": "1.2.4" },
    });
    expect(projectPackages(join(project, "x"))).toEqual({ "@sluice/bin": "^1.2.3", "@sluice/sdk-filter": "1.2.4" });
  });

  it("says the path of a tarball as it is seen from the new folder", () => {
    write({ dependencies: { "@sluice/bin": "file:../tarballs/bin.tgz" } });
    expect(projectPackages(join(project, "filters/x"))).toEqual({ "@sluice/bin": "file:../../../tarballs/bin.tgz" });
  });

  it("finds nothing where no project asks for any of our packages", () => {
    write({ dependencies: { vitest: "5" } });
    expect(projectPackages(join(project, "x"))).toEqual({});
  });
});

describe("packagesFor", () => {
  it("asks for nothing in a checkout", () => {
    write({ dependencies: { "@sluice/bin": "^1.2.3" } });
    expect(packagesFor(join(project, "x"))).toEqual({});
  });
});
