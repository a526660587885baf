import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OVERRIDE_EVENTS_POSTED_MAX } from "../contract/limits.ts";
import type { OverrideInForce } from "./apply-overrides.ts";
import { OVERRIDE_EVENTS_MAX } from "./limits.ts";
import { OverrideBook } from "./override-book.ts";
import type { Happening } from "./override-book.ts";

let folder: string;
let file: string;
let logged: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-overrides-"));
  file = join(folder, "overrides.json");
  logged = "";
});
afterEach(() => rmSync(folder, { recursive: true }));

const shown = {
  slot: "rbac",
  kind: "off",
  revision: null,
  until: null,
  who: "admin",
  when: "2026-01-01T00:00:00.000Z",
  why: null,
} as const;
const deployment = { name: "default", number: 7 };
const off: OverrideInForce = { ...shown, replacement: { type: "none" }, deployment };
const wasSet: Happening = { ...shown, act: "set", deployment };

async function opened(): Promise<OverrideBook> {
  const sink = new Writable({ write: (chunk: Buffer, _encoding, done) => ((logged += chunk.toString()), done()) });
  const book = new OverrideBook(file, pino({}, sink));
  await book.open();
  return book;
}

describe("OverrideBook", () => {
  it("has after a restart what was in force and what is to be reported, for its owner's eyes only", async () => {
    await (await opened()).change([off], [wasSet]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const book = await opened();
    expect(book.inForce).toEqual([off]);
    expect(book.shown).toEqual([shown]);
    expect(book.unreported).toMatchObject([wasSet]);
  });

  it("forgets an event when the registry has it, and only that", async () => {
    const book = await opened();
    await book.change([off], [wasSet]);
    const [first] = book.unreported;
    await book.change([], [{ ...wasSet, act: "cleared" }]);
    await book.acknowledge([first!]);
    expect(book.unreported.map(({ act }) => act)).toEqual(["cleared"]);
    expect((await opened()).unreported.map(({ act }) => act)).toEqual(["cleared"]);
  });

  it("reports so many at once, and keeps so many while the registry is away", async () => {
    const book = await opened();
    await book.change(
      [off],
      Array.from({ length: OVERRIDE_EVENTS_MAX + 1 }, () => wasSet),
    );
    expect(book.unreported).toHaveLength(OVERRIDE_EVENTS_POSTED_MAX);
    expect(logged).toContain("the oldest events are lost");
  });

  it("starts without overrides from a damaged file, loudly, and keeps the file for people", async () => {
    await (await opened()).change([off], [wasSet]);
    writeFileSync(file, readFileSync(file, "utf8").slice(0, 50));
    const book = await opened();
    expect(book.inForce).toEqual([]);
    expect(logged).toContain("SLUICE-E2045");
    expect(readFileSync(`${file}.damaged`, "utf8")).toHaveLength(50);
  });

  it("keeps an override in force that it cannot write, and says that a restart would forget it", async () => {
    const book = await opened();
    rmSync(folder, { recursive: true });
    await book.change([off], [wasSet]);
    expect(book.inForce).toEqual([off]);
    expect(book.isKept).toBe(false);
    expect(logged).toContain("a restart of the proxy would forget");
    folder = mkdtempSync(join(tmpdir(), "sluice-overrides-"));
  });
});
