import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../contract/index.ts";
import type { Deployment, Slot } from "../contract/index.ts";
import { SlotHistory } from "./slot-history.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-slots-"));
  file = join(folder, "slot-history.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

function slotOf(name: string, config: string): Slot {
  return { name, phase: "OTHER", revisions: [{ filter: "f", version: sha256("v"), pluginConfig: config }] };
}

function deploymentOf(number: number, ...slots: Slot[]): Deployment {
  return { apiVersion: "sluice/v1", kind: "Deployment", name: "default", number, slots };
}

async function opened(): Promise<{ history: SlotHistory; damaged: string[] }> {
  const history = new SlotHistory(file);
  const damaged: string[] = [];
  await history.open((why) => damaged.push(why));
  return { history, damaged };
}

function configsOf(history: SlotHistory, slot: string): unknown[] {
  return history.earlier(slot).map(({ number, entry }) => [number, entry.revisions[0]!.pluginConfig]);
}

describe("SlotHistory", () => {
  it("knows what a slot was, also when a later deployment changed another one", async () => {
    const { history } = await opened();
    await history.remember(deploymentOf(1, slotOf("a", "1"), slotOf("b", "1")));
    await history.remember(deploymentOf(2, slotOf("a", "2"), slotOf("b", "1")));
    await history.remember(deploymentOf(3, slotOf("a", "2"), slotOf("b", "2")));
    expect(configsOf(history, "a")).toEqual([[1, "1"]]);
    expect(configsOf(history, "b")).toEqual([[2, "1"]]);
  });

  it("keeps the newest entries, each once, and goes on after a restart", async () => {
    const { history } = await opened();
    for (const [at, config] of ["1", "2", "3", "1", "4", "5"].entries())
      await history.remember(deploymentOf(at + 1, slotOf("a", config)));
    expect(configsOf(history, "a")).toEqual([
      [5, "4"],
      [4, "1"],
      [3, "3"],
    ]);
    const { history: next } = await opened();
    await next.remember(deploymentOf(7, slotOf("a", "6")));
    expect(configsOf(next, "a")[0]).toEqual([6, "5"]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each([
    ["cut off", (text: string) => text.slice(0, 40)],
    ["of another shape", () => '{"latest":[]}'],
  ])("forgets a file that is %s, says so and puts it aside", async (_name, damage) => {
    const { history } = await opened();
    await history.remember(deploymentOf(1, slotOf("a", "1")));
    await history.remember(deploymentOf(2, slotOf("a", "2")));
    writeFileSync(file, damage(readFileSync(file, "utf8")));
    const { history: next, damaged } = await opened();
    expect(damaged).toHaveLength(1);
    expect(next.earlier("a")).toEqual([]);
    expect(statSync(`${file}.damaged`).isFile()).toBe(true);
  });
});
