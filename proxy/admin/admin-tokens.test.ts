import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AdminTokens } from "./admin-tokens.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-tokens-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("AdminTokens", () => {
  it("lets nobody in while there is no token", () => {
    const tokens = new AdminTokens(folder);
    expect(tokens.bearerOf("", "read")).toBeNull();
    writeFileSync(join(folder, "admin.token"), "\n");
    expect(tokens.bearerOf("", "read")).toBeNull();
  });

  it("makes one that only its owner can read, and keeps one that is there", () => {
    const tokens = new AdminTokens(folder);
    tokens.ensure();
    const file = join(folder, "admin.token");
    const token = readFileSync(file, "utf8");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    tokens.ensure();
    expect(readFileSync(file, "utf8")).toBe(token);
    expect(tokens.bearerOf(token.trim(), "change")).toBe("admin");
    expect(tokens.bearerOf(`${token.trim()}x`, "read")).toBeNull();
  });

  it("makes none beside a registry's tokens, and leaves nothing else behind", () => {
    writeFileSync(join(folder, "tokens.json"), '{"tokens":[]}');
    new AdminTokens(folder).ensure();
    expect(readdirSync(folder)).toEqual(["tokens.json"]);
    rmSync(join(folder, "tokens.json"));
    new AdminTokens(folder).ensure();
    new AdminTokens(folder).ensure();
    expect(readdirSync(folder)).toEqual(["admin.token"]);
  });

  it.each([
    ["viewer", true, false],
    ["author", true, false],
    ["proxy", false, false],
    ["operator", true, true],
    ["admin", true, true],
  ])("lets a %s of the registry's tokens read: %s, change: %s", (role, read, change) => {
    const sha256 = createHash("sha256").update("secret").digest("hex");
    writeFileSync(join(folder, "tokens.json"), JSON.stringify({ tokens: [{ name: "n", role, sha256 }] }));
    const tokens = new AdminTokens(folder);
    expect(tokens.bearerOf("secret", "read")).toBe(read ? "n" : null);
    expect(tokens.bearerOf("secret", "change")).toBe(change ? "n" : null);
    expect(tokens.bearerOf("other", "read")).toBeNull();
  });
});
