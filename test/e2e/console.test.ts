// The console in the system's Chromium, over a real registry with a real proxy: what an operator sees after a deploy, in
// light, dark and narrow. Screenshots are kept in artifacts/console.

import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { awaitFleet } from "@sluice/bin";
import type { Slot } from "@sluice/proxy/contract";
import { buildFilter } from "@sluice/sdk-filter";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixtureModule } from "../fixtures/fixture-module.ts";
import { ConsoleBrowser, LOOKS, chromiumPath, look, overflow, screenshot, seriousFaults } from "./console-browser.ts";
import { Installation } from "./installation.ts";
import type { ProxyUnderTest } from "./installation.ts";

const rbacFolder = join(import.meta.dirname, "../../filters-as/rbac");
const TITLES = ["Overview", "Slots", "Filters", "Deployments", "Live", "Proxies"];

describe.skipIf(chromiumPath === null)("console", () => {
  let installation: Installation;
  let proxy: ProxyUnderTest;
  let browser: ConsoleBrowser;
  let page: Page;

  beforeAll(async () => {
    installation = await Installation.create();
    browser = await ConsoleBrowser.launch(installation);
    await installation.startRegistry();
    await deployRbac(installation);
    proxy = await installation.startProxy("proxy-1");
    page = await browser.page();
  });
  afterAll(async () => {
    await browser?.close();
    await installation?.close();
  });

  it("is less than 150 KB of script", () => {
    const folder = join(import.meta.dirname, "../../registry/console/dist/assets");
    const scripts = readdirSync(folder).filter((file) => file.endsWith(".js"));
    const bytes = scripts.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(150_000);
  });

  it("asks for a token and says what is wrong with an unknown one", async () => {
    await page.goto(installation.registryUrl);
    await page.getByLabel("Token").fill("not-a-token");
    await page.getByRole("button", { name: "Open the console" }).click();
    await page.getByRole("alert").getByText("not known").waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    // The refusals that were just asked for are the only errors a browser reports.
    expect(browser.complaints.every((text) => text.includes("401"))).toBe(true);
    browser.complaints.length = 0;
  });

  it("opens with the admin token, which scripts cannot read afterwards", async () => {
    await page.getByLabel("Token").fill(installation.adminToken);
    await page.getByRole("button", { name: "Open the console" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.getByText("live", { exact: false }).first().waitFor();
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
    expect(await page.evaluate("document.cookie")).toBe("");
  });

  it("shows the proxy as ready with what is wanted and applied", async () => {
    await page.getByRole("link", { name: "Proxies" }).click();
    const row = page.getByRole("row").filter({ hasText: "proxy-1" });
    await row.getByText("✓ ready").waitFor();
    expect(await row.getByText("#1", { exact: true }).count()).toBe(2);
  });

  it("counts a revision's verdicts while traffic flows", async () => {
    await page.getByRole("link", { name: "Slots" }).click();
    const slot = page.getByRole("region", { name: "slot rbac" });
    for (let i = 0; i < 3; i++) expect(await statusOf(proxy, "/public/a")).toBe(200);
    for (let i = 0; i < 2; i++) expect(await statusOf(proxy, "/internal/a")).toBe(403);
    await slot.getByRole("row", { name: /^✕ denied 2 / }).waitFor();
    await slot.getByRole("row", { name: /^by code PERMISSION_DENIED 2/ }).waitFor();
  });

  it("lists versions with their proofs and the history with who, when and why", async () => {
    await page.getByRole("link", { name: "Filters" }).click();
    await page.getByRole("link", { name: "rbac", exact: true }).click();
    const filter = page.getByRole("region", { name: "filter rbac" });
    await filter.getByText("✓ proven").waitFor();
    await filter.getByText("policy_on_check").first().waitFor();
    await page.getByRole("link", { name: "Deployments" }).click();
    await page.getByRole("cell", { name: "the first chain" }).waitFor();
    await page.getByRole("cell", { name: "admin", exact: true }).waitFor();
  });

  it("shows a new deployment without being reloaded", async () => {
    await deployRbac(installation, "nobody may go internal", "<img src=x onerror=alert(1)>");
    await page.getByRole("cell", { name: "<img src=x onerror=alert(1)>" }).waitFor();
    expect(await page.locator("img").count()).toBe(0);
  });

  it("lets new entries wait while somebody points at the list", async () => {
    await page.getByRole("cell", { name: "the first chain" }).hover();
    const before = await page.getByRole("region", { name: "history of default" }).getByRole("row").count();
    await deployRbac(installation, "only-admins", "while you look");
    await page.getByRole("button", { name: "1 new" }).waitFor();
    expect(await page.getByRole("region", { name: "history of default" }).getByRole("row").count()).toBe(before);
    await page.getByRole("button", { name: "1 new" }).click();
    await page.getByRole("cell", { name: "while you look" }).waitFor();
  });

  it("goes to the find box at a slash", async () => {
    await page.keyboard.press("/");
    await page.keyboard.type("first");
    await page.getByRole("cell", { name: "while you look" }).waitFor({ state: "detached" });
    await page.getByRole("cell", { name: "the first chain" }).waitFor();
    await page.getByLabel("Find").fill("");
  });

  it("names the cause when a filter fails, as `sluice status` does", async () => {
    await deployTrap(installation);
    expect(await statusOf(proxy, "/public/a", { "x-trap": "1" })).toBe(503);
    await page.getByRole("link", { name: "Slots" }).click();
    const slot = page.getByRole("region", { name: "slot fragile" });
    await slot.getByText("trap 1").waitFor();
    await slot.getByText("failed in proxy_on_request_headers").waitFor();
    const { stdout } = await installation.sluice("status");
    expect(stdout).toContain("trap");
    expect(stdout).toContain("failed in proxy_on_request_headers");
  });

  it.each(LOOKS)("fits its window in $name, and axe finds nothing serious", async (looks) => {
    await look(page, looks);
    for (const title of TITLES) {
      await page.getByRole("link", { name: title, exact: true }).click();
      await page.getByRole("heading", { name: title, level: 1 }).waitFor();
      await screenshot(page, `${title.toLowerCase()}-${looks.name}`);
      expect(await overflow(page), `${title} is wider than its window`).toBeLessThanOrEqual(0);
      expect(await seriousFaults(page), title).toEqual([]);
    }
  });

  it("says since when it has not heard from a registry that is gone", async () => {
    browser.complaints.splice(0).forEach((text) => expect.soft(text).toBe("no complaint of the browser"));
    await installation.registry!.stop("SIGKILL");
    await page.getByText("stale: last heard").waitFor();
  });
});

async function deployRbac(
  installation: Installation,
  rule = "internal-closed",
  why = "the first chain",
): Promise<void> {
  const { client } = installation;
  const built = await buildFilter(rbacFolder, { onlyWhenStale: true });
  const module = new Uint8Array(readFileSync(built.wasmFile));
  const upload = { module, filter: built.documentText, sourceMap: null, requests: [] };
  const { version } = await client.push("rbac", upload, "v1");
  const policies = [{ name: rule, action: "DENY", rules: [{ to: [{ operation: { paths: ["/internal/*"] } }] }] }];
  const current = await client.deployment("default");
  await client.deploy(
    {
      apiVersion: "sluice/v1",
      kind: "Deployment",
      name: "default",
      why,
      slots: [
        {
          name: "rbac",
          phase: "AUTHZ",
          revisions: [{ filter: "rbac", version, tag: "v1", pluginConfig: { policies } }],
        },
      ],
    },
    current?.number ?? 0,
    { dryRun: false },
  );
}

/** A second slot whose filter traps on a header. */
async function deployTrap({ client }: Installation): Promise<void> {
  const upload = { module: await fixtureModule("trap-on-header"), filter: null, sourceMap: null, requests: [] };
  const { version } = await client.push("fragile", upload, "v1");
  const current = (await client.deployment("default"))!;
  const fragile: Slot = { name: "fragile", phase: "AUTHZ", revisions: [{ filter: "fragile", version }] };
  await client.deploy({ ...current, slots: [...current.slots, fragile] }, current.number, { dryRun: false });
  await awaitFleet(client, current.number + 1);
}

async function statusOf(proxy: ProxyUnderTest, path: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${proxy.port}${path}`, { headers });
  await response.arrayBuffer();
  return response.status;
}
