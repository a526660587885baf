// Acting in the console, in the system's Chromium over a real registry and proxy: push by dropping files, deploy and split
// with the difference shown, rollback, somebody else's change in between, roles, strings that would be markup.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { buildFilter } from "@sluice/sdk-filter";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withCustomSection } from "../fixtures/fixture-module.ts";
import {
  ConsoleBrowser,
  LOOKS,
  chromiumPath,
  dropFiles,
  look,
  overflow,
  screenshot,
  seriousFaults,
} from "./console-browser.ts";
import { Installation } from "./installation.ts";
import type { ProxyUnderTest } from "./installation.ts";

const rbacFolder = join(import.meta.dirname, "../../filters-as/rbac");
const HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>';

describe.skipIf(chromiumPath === null)("acting in the console", () => {
  let installation: Installation;
  let proxy: ProxyUnderTest;
  let browser: ConsoleBrowser;
  let page: Page;
  let module: Uint8Array;
  let dialog: Locator;

  beforeAll(async () => {
    installation = await Installation.create();
    browser = await ConsoleBrowser.launch(installation);
    await installation.startRegistry();
    module = new Uint8Array(readFileSync((await buildFilter(rbacFolder, { onlyWhenStale: true })).wasmFile));
    proxy = await installation.startProxy("proxy-1", { ready: false });
    page = await browser.signedIn();
    dialog = page.getByRole("dialog");
  });
  afterAll(async () => {
    await browser?.close();
    await installation?.close();
  });

  const go = async (title: string): Promise<void> => {
    await page.getByRole("link", { name: title, exact: true }).click();
    await page.getByRole("heading", { name: title, level: 1 }).waitFor();
  };
  const difference = (): Locator => dialog.getByRole("list", { name: "difference" });
  const close = (): Promise<void> => dialog.getByRole("button", { name: "Close" }).first().click();

  it("pushes dropped files, with the command that does the same, and shows the proof", async () => {
    await go("Filters");
    const filter = readFileSync(join(rbacFolder, "filter.yaml"));
    const requests = readFileSync(join(rbacFolder, "requests/policies.yaml"));
    await dropFiles(page.locator(".drop"), [
      { name: "rbac.wasm", bytes: module },
      { name: "filter.yaml", bytes: filter },
      { name: "policies.yaml", bytes: requests },
    ]);
    await expectValue(dialog.getByLabel("Filter"), "rbac");
    await dialog.getByLabel("Tag").fill("v1");
    await dialog.getByText("sluice push rbac.wasm --name rbac --tag v1").waitFor();
    await screenshot(page, "push-dialog-light");
    await dialog.getByRole("button", { name: "Push" }).click();
    await dialog.getByText("✓ proven").waitFor();
    await dialog.getByText(/of \d+ as expected/).waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    await screenshot(page, "push-proof-light");
    await close();
    await page.getByRole("link", { name: "rbac", exact: true }).waitFor();
  });

  it("shows a refusal with its hint and code, and keeps what was dropped for another try", async () => {
    await dropFiles(page.locator(".drop"), [{ name: "guard.wasm", bytes: "(module) ;; text" }]);
    await dialog.getByRole("button", { name: "Push" }).click();
    await dialog.getByText("Refused; nothing was stored.").waitFor();
    await dialog.getByText("Push the built .wasm file, not its source").waitFor();
    await dialog.getByText("SLUICE-E3041").waitFor();
    expect(await dialog.getByRole("button", { name: "Push" }).isEnabled()).toBe(true);
    await close();
    expect((await installation.client.filters()).map(({ name }) => name)).toEqual(["rbac"]);
    complaintsOf(browser, 422);
  });

  it("says which files cannot be pushed, before anything is sent", async () => {
    await dropFiles(page.locator(".drop"), [
      { name: "a.wasm", bytes: module },
      { name: "b.wasm", bytes: module },
      { name: `${HOSTILE}.txt`, bytes: "" },
    ]);
    await dialog.getByText("there are 2 modules (.wasm)").waitFor();
    await dialog.getByText(`${HOSTILE}.txt is neither a module`).waitFor();
    expect(await dialog.getByRole("button", { name: "Push" }).isDisabled()).toBe(true);
    await close();
  });

  it("deploys to a new slot once its configuration fits the schema, and says how far it has come", async () => {
    await go("Filters");
    await page.getByRole("link", { name: "rbac", exact: true }).click();
    await page.getByRole("button", { name: "Deploy it…" }).click();
    // What the filter asks for and does not get is the registry's word, before anything is written.
    await dialog.getByText("there is no pluginConfig, but rbac has a schema for one").waitFor();
    expect(await dialog.getByRole("button", { name: "Deploy", exact: true }).isDisabled()).toBe(true);
    await dialog.getByRole("button", { name: "+ policies" }).click();
    await dialog.getByRole("button", { name: "+ Policy" }).click();
    await dialog.getByLabel("name", { exact: true }).fill("internal-closed");
    await dialog.getByLabel("action").selectOption("DENY");
    await dialog.getByRole("button", { name: "+ rules" }).click();
    await dialog.getByRole("button", { name: "JSON", exact: true }).click();
    await dialog.getByLabel("Configuration (JSON)").fill('{ "policies": [ ');
    await dialog.getByText("no JSON yet").first().waitFor();
    await dialog.getByLabel("Configuration (JSON)").fill(JSON.stringify(configOf("internal-closed")));
    await dialog.getByLabel("Why").fill(HOSTILE);
    await difference().getByText("slots.rbac").waitFor();
    await dialog.getByText("--add --config rbac.json").waitFor();
    await dialog.getByRole("button", { name: "Deploy", exact: true }).click();
    await dialog.getByText("runs on 1 of 1 proxies").waitFor();
    await close();
    expect(await statusOf(proxy, "/internal/a")).toBe(403);
    expect(await page.locator("img").count()).toBe(0);
    expect((await installation.client.deployment("default"))?.why).toBe(HOSTILE);
    complaintsOf(browser, 422);
  });

  it("shows the difference of an edit made in the form, and writes just that", async () => {
    await go("Slots");
    await page.getByRole("region", { name: "slot rbac" }).getByRole("button", { name: "Deploy…" }).click();
    await dialog.getByText("Nothing would change.").waitFor();
    expect(await dialog.getByRole("button", { name: "Deploy", exact: true }).isDisabled()).toBe(true);
    await dialog.locator("summary", { hasText: "Configuration" }).click();
    await dialog.getByRole("textbox", { name: /^paths/ }).fill("/secret/*");
    const path = "slots.rbac.revisions[0].pluginConfig.policies[0].rules[0].to[0].operation.paths[0]";
    await difference().getByText(path).waitFor();
    await difference().getByText('"/secret/*"').waitFor();
    await screenshot(page, "deploy-dialog-light");
    await dialog.getByText("as #2, builds on #1").waitFor();
    await dialog.getByRole("button", { name: "Deploy", exact: true }).click();
    await dialog.getByText("runs on 1 of 1 proxies").waitFor();
    await close();
    expect(await statusOf(proxy, "/internal/a")).toBe(200);
    expect(await statusOf(proxy, "/secret/a")).toBe(403);
  });

  it("tells when someone else changed it meanwhile, and goes on from there after another look", async () => {
    await page.getByRole("region", { name: "slot rbac" }).getByRole("button", { name: "Deploy…" }).click();
    await dialog.getByText("Nothing would change.").waitFor();
    const current = (await installation.client.deployment("default"))!;
    const other = { ...current, why: "the other operator was faster", quotas: [{ name: "q", rate: "5/s" as const }] };
    await installation.client.deploy(other, current.number, { dryRun: false });
    await dialog.getByLabel("Dry run").check();
    await dialog.getByText("Someone else changed it, look again.").waitFor();
    await dialog.getByText("the other operator was faster").waitFor();
    expect(await dialog.getByRole("button", { name: "Deploy", exact: true }).isDisabled()).toBe(true);
    await screenshot(page, "stale-light");
    await dialog.getByRole("button", { name: "Look again" }).click();
    await difference().getByText("slots.rbac.dryRun").waitFor();
    await dialog.getByText("as #4, builds on #3").waitFor();
    await dialog.getByRole("button", { name: "Deploy", exact: true }).click();
    await dialog.getByText("runs on 1 of 1 proxies").waitFor();
    await close();
    expect(await statusOf(proxy, "/secret/a")).toBe(200);
    expect((await installation.client.deployment("default"))?.quotas).toHaveLength(1);
    complaintsOf(browser, 412);
  });

  it("rolls a slot back to what it was before, with the difference shown first", async () => {
    await page.getByRole("region", { name: "slot rbac" }).getByRole("button", { name: "Roll back…" }).click();
    await difference().getByText("slots.rbac.dryRun").waitFor();
    await dialog.getByText("sluice rollback rbac").waitFor();
    await screenshot(page, "rollback-light");
    await dialog.getByRole("button", { name: "Roll back" }).click();
    await dialog.getByText("runs on 1 of 1 proxies").waitFor();
    await close();
    expect(await statusOf(proxy, "/secret/a")).toBe(403);
  });

  it("rolls the whole chain back to a number of the history", async () => {
    await go("Deployments");
    await page.getByRole("link", { name: "#1", exact: true }).click();
    await page.getByRole("button", { name: "Roll back to #1…" }).click();
    await difference().getByText("quotas.q").waitFor();
    await dialog.getByRole("button", { name: "Roll back" }).click();
    await dialog.getByText("runs on 1 of 1 proxies").waitFor();
    await close();
    expect(await statusOf(proxy, "/internal/a")).toBe(403);
    expect((await installation.client.deployment("default"))?.why).toBe("rollback to number 1");
  });

  it("splits a slot between two versions and shows them side by side, live", async () => {
    const second = withCustomSection(module, "second");
    const upload = { module: second, filter: null, sourceMap: null, requests: [] };
    await installation.client.push("rbac", upload, "v2");
    await go("Slots");
    const slot = page.getByRole("region", { name: "slot rbac" });
    await slot.getByRole("button", { name: "Deploy…" }).click();
    await dialog.getByRole("button", { name: "+ split with another revision" }).click();
    const further = dialog.getByRole("group", { name: "Revision 2" });
    await further.getByLabel("Version").selectOption({ label: await labelOf(further, "v2 (") });
    await further.getByLabel("Share").fill("40");
    await dialog.getByText("shares: 140 of 100 %").waitFor();
    await dialog.getByText("the weights of slot rbac sum to 140").waitFor();
    await dialog.getByRole("group", { name: "Stable revision" }).getByLabel("Share").fill("60");
    await dialog.getByLabel("Split by").selectOption("header");
    await dialog.getByLabel("Name of the header").fill("x-user");
    await dialog.getByText("sluice deploy rbac=rbac@v1,rbac@v2 --split 60,40 --by header:x-user").waitFor();
    await screenshot(page, "split-dialog-light");
    expect(await seriousFaults(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Deploy", exact: true }).click();
    await dialog.getByText("runs on 1 of 1 proxies").waitFor();
    await close();
    await page.evaluate(WATCH_SHIFTS);
    for (let user = 0; user < 60; user++) await statusOf(proxy, "/public/a", { "x-user": `user-${user}` });
    for (let user = 0; user < 40; user++) await statusOf(proxy, "/internal/a", { "x-user": `user-${user}` });
    for (let i = 0; i < 7; i++) await statusOf(proxy, "/public/a");
    await slot.getByText("7 streams without it went to rbac@v1").waitFor();
    await expectEventually(async () => (await figures(slot, /^Requests/)).reduce((a, b) => a + b, 0) >= 107);
    for (const count of await figures(slot, /^✕ denied/)) expect(count).toBeGreaterThan(0);
    const before = await figures(slot, /^Requests/);
    for (let user = 0; user < 30; user++) await statusOf(proxy, "/public/b", { "x-user": `user-${user}` });
    await expectEventually(async () => (await figures(slot, /^Requests/)).every((count, i) => count > before[i]!));
    await expectEventually(async () => (await slot.locator("[data-value]").first().textContent()) !== "–/s");
    // The segments of a bar are the data, so they may move within it; nothing else may.
    expect(await page.evaluate("window.shifted")).toEqual([]);
    complaintsOf(browser, 422);
  });

  it.each(LOOKS)("shows the split in $name within its window, and axe finds nothing serious", async (looks) => {
    await look(page, looks);
    await page.evaluate("window.scrollTo(0, 0)");
    await screenshot(page, `split-${looks.name}`);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByRole("region", { name: "slot rbac" }).getByRole("button", { name: "Deploy…" }).click();
    await dialog.getByText("Nothing would change.").waitFor();
    await screenshot(page, `deploy-dialog-${looks.name}`);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(await seriousFaults(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  });

  it("keeps a revision's colour from page to page", async () => {
    await look(page, LOOKS[0]);
    const colours = async (scope: Locator): Promise<string[]> =>
      scope.locator(".swatch").evaluateAll((all) => all.slice(0, 2).map((each) => each.className));
    const inSlots = await colours(page.getByRole("region", { name: "revisions of rbac" }));
    await go("Deployments");
    const inDeployments = await colours(page.locator(".chain"));
    expect(new Set(inSlots).size).toBe(2);
    expect(inDeployments).toEqual(inSlots);
  });

  it("shows loudly what an operator did to one proxy, and keeps it in the history", async () => {
    await override(proxy, "/override", { slot: "rbac", kind: "off", why: HOSTILE });
    await page.locator(".strip").getByText("override on proxy-1: slot rbac is off, by").waitFor();
    await page.getByRole("cell", { name: /override set on proxy-1: slot rbac is off/ }).waitFor();
    await go("Slots");
    await page.getByRole("region", { name: "slot rbac" }).getByRole("alert").getByText("is off").waitFor();
    await screenshot(page, "override-light");
    expect(await seriousFaults(page)).toEqual([]);
    expect(await page.locator("img").count()).toBe(0);
    await override(proxy, "/override/clear", { slot: "rbac" });
    await page.getByText("✓ every proxy runs what is wanted").waitFor();
  });

  it("shows requests live with who decided, hostile paths as text, and one of them in full", async () => {
    await go("Live");
    await page.getByLabel("only denied").check();
    await page.getByText("sluice tail --denied").waitFor();
    await page.getByText("from proxy-1").waitFor();
    const path = "/internal/%3Cimg%20src=x%3E?q=<img%20src=x%20onerror=alert(1)>";
    await expectEventually(async () => {
      await statusOf(proxy, "/public/a");
      expect(await statusOf(proxy, path)).toBe(403);
      return (await page.getByRole("row").filter({ hasText: "/internal/" }).count()) > 0;
    });
    expect(await page.getByRole("row").filter({ hasText: "/public/" }).count()).toBe(0);
    await screenshot(page, "live-light");
    await page.getByRole("row").filter({ hasText: "/internal/" }).getByRole("button").first().click();
    await dialog.getByRole("cell", { name: "PERMISSION_DENIED" }).waitFor();
    await screenshot(page, "live-record-light");
    expect(await seriousFaults(page)).toEqual([]);
    expect(await page.locator("img").count()).toBe(0);
    await close();
  });

  it.each([
    { role: "viewer", sees: [], hides: ["Push…", "Deploy…", "Roll back…"] },
    { role: "author", sees: ["Push…"], hides: ["Deploy…", "Roll back…"] },
    { role: "operator", sees: ["Deploy…", "Roll back…"], hides: ["Push…"] },
  ])("shows $role only what that role may do", async ({ role, sees, hides }) => {
    const theirs = await browser.signedIn(role);
    await theirs.getByText(`${role}-1 (${role})`).waitFor();
    const shown = new Set<string>();
    for (const title of ["Slots", "Filters"]) {
      await theirs.getByRole("link", { name: title, exact: true }).click();
      await theirs.getByRole("heading", { name: title, level: 1 }).waitFor();
      const names = await theirs.getByRole("button", { name: /…$/ }).allTextContents();
      names.forEach((name) => shown.add(name));
    }
    for (const name of sees) expect([...shown]).toContain(name);
    for (const name of hides) expect([...shown]).not.toContain(name);
    await theirs.close();
  });

  it("stays within its memory and answers keys while a thousand records a second come", async () => {
    const busy = await browser.signedIn();
    await busy.evaluate(FLOOD);
    await busy.getByRole("link", { name: "Live", exact: true }).click();
    await busy.getByRole("heading", { name: "Live", level: 1 }).waitFor();
    await expectEventually(() => busy.evaluate<boolean>("window.flood.sources.length > 0"));
    const heap = async (): Promise<number> => {
      await busy.evaluate("gc()");
      return busy.evaluate("performance.memory.usedJSHeapSize");
    };
    await busy.evaluate("window.flood.run(3000)");
    const before = await heap();
    const flood = busy.evaluate("window.flood.run(8000)");
    await busy.getByLabel("Find").or(busy.getByLabel("Status")).first().pressSequentially("4xx,503");
    await flood;
    expect(await heap()).toBeLessThan(before + 16 * 1024 ** 2);
    expect(await busy.getByRole("row").count()).toBeLessThan(200);
    await expectValue(busy.getByLabel("Status"), "4xx,503");
    await busy.close();
  });
});

/** Runs in the page: notes whatever moves by itself from now on. A node that is gone since has no place to be asked of: what it pushed is noted. */
const WATCH_SHIFTS = `window.shifted = []; new PerformanceObserver((list) => {
  for (const { sources, hadRecentInput } of list.getEntries()) {
    const others = sources.map(({ node }) => node).filter((node) => node && node.parentElement?.className !== "bar");
    if (!hadRecentInput) window.shifted.push(...others.map((node) => node.outerHTML?.slice(0, 160) ?? node.textContent));
  }
}).observe({ type: "layout-shift" });`;

/** Runs in the page: every tail opened from now on can be given a thousand records a second. */
const FLOOD = `(() => {
  const sources = [];
  window.EventSource = class extends EventSource {
    constructor(url) { super(url); if (url.startsWith("/v1/tail")) sources.push(this); }
  };
  const slot = { slot: "rbac", filter: "rbac", version: "sha256:0", revision: "sha256:0", verdict: "deny", code: "PERMISSION_DENIED", reason: "closed", fuel: 1, durationUs: 1, dryRun: false, error: null };
  const record = (i) => ({ id: String(i), time: new Date().toISOString(), node: "proxy-1", deployment: 1, route: "all", cluster: "origin", upstream: null, source: "127.0.0.1", method: "GET", authority: "a.test", path: "/flood/" + i, status: 403, durationUs: 10, slots: [slot, slot, slot] });
  let sent = 0;
  const run = (count) => new Promise((resolve) => {
    const step = () => {
      for (let i = 0; i < 20; i++) {
        for (const source of sources) source.dispatchEvent(new MessageEvent("record", { data: JSON.stringify(record(sent++)) }));
      }
      count -= 20;
      if (count > 0) setTimeout(step, 20); else resolve();
    };
    step();
  });
  window.flood = { sources, run };
})()`;

function configOf(name: string): unknown {
  return { policies: [{ name, action: "DENY", rules: [{ to: [{ operation: { paths: ["/internal/*"] } }] }] }] };
}

/** Takes the browser's own words about refusals that a test provoked; others stay. */
function complaintsOf(browser: ConsoleBrowser, status: number): void {
  const others = browser.complaints.splice(0).filter((text) => !text.includes(String(status)));
  expect(others).toEqual([]);
}

/** The first number of each cell in a row of the slot's revisions. */
async function figures(slot: Locator, name: RegExp): Promise<number[]> {
  const texts = await slot.getByRole("row", { name }).locator("td b").allTextContents();
  return texts.map((text) => Number(text.replaceAll(",", "")));
}

async function labelOf(scope: Locator, beginning: string): Promise<string> {
  const options = scope.getByLabel("Version").locator("option");
  // The page hears of a pushed version a moment after the push.
  await options.filter({ hasText: beginning }).first().waitFor({ state: "attached" });
  const labels = await options.allTextContents();
  return labels.find((label) => label.startsWith(beginning)) ?? `none of ${labels.join(", ")} is ${beginning}`;
}

function expectValue(field: Locator, value: string): Promise<void> {
  return expect.poll(() => field.inputValue(), { timeout: 10_000 }).toBe(value) as Promise<void>;
}

function expectEventually(condition: () => Promise<boolean>): Promise<void> {
  return expect.poll(condition, { timeout: 30_000 }).toBe(true) as Promise<void>;
}

async function override({ adminPort, adminHeaders }: ProxyUnderTest, path: string, body: object): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${adminPort}${path}`, {
    method: "POST",
    headers: { ...adminHeaders, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect({ status: response.status, text: await response.text() }).toMatchObject({ status: 200 });
}

async function statusOf(proxy: ProxyUnderTest, path: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${proxy.port}${path}`, { headers });
  await response.arrayBuffer();
  return response.status;
}
