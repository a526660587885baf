// The system's Chromium on the console of an installation: signing in as a role, dropping files, axe, screenshots.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";
import type { Browser, Locator, Page } from "playwright-core";
import { buildConsole } from "@sluice/registry/console";
import { systemProgram } from "../gate/system-program.ts";
import type { Installation } from "./installation.ts";

/** Null where there is no browser: the tests are skipped with one visible line. */
export const chromiumPath = systemProgram(["chromium", "chromium-browser", "google-chrome"], "chromium");

/** Far beyond what any answer takes, well below a test's time. */
const WAIT_MS = 20_000;
const artifacts = resolve(import.meta.dirname, "../../artifacts/console");
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export class ConsoleBrowser {
  readonly #browser: Browser;
  readonly #installation: Installation;
  /** Errors that a page logged; a test that expects some empties it. */
  readonly complaints: string[] = [];

  static async launch(installation: Installation): Promise<ConsoleBrowser> {
    mkdirSync(artifacts, { recursive: true });
    await buildConsole();
    const args = ["--no-sandbox", "--js-flags=--expose-gc"];
    return new ConsoleBrowser(await chromium.launch({ executablePath: chromiumPath!, args }), installation);
  }

  private constructor(browser: Browser, installation: Installation) {
    this.#browser = browser;
    this.#installation = installation;
  }

  close(): Promise<void> {
    return this.#browser.close();
  }

  /** A page with cookies of its own, not signed in. */
  async page(): Promise<Page> {
    const page = await this.#browser.newPage({ colorScheme: "light", viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(WAIT_MS);
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(error.message));
    return page;
  }

  /** A page that is signed in; `role` gets a token of its own, without it the admin's. */
  async signedIn(role?: string): Promise<Page> {
    const page = await this.page();
    await page.goto(this.#installation.registryUrl);
    await page.getByLabel("Token").fill(role === undefined ? this.#installation.adminToken : this.#tokenOf(role));
    await page.getByRole("button", { name: "Open the console" }).click();
    await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
    // The page asks who it is before it is told: that refusal is the way in, not a fault.
    this.complaints
      .splice(0)
      .filter((text) => !text.includes("401"))
      .forEach((text) => this.complaints.push(text));
    return page;
  }

  #tokenOf(role: string): string {
    const token = `token-of-${role}-${"0".repeat(32)}`;
    const file = join(this.#installation.folder, ".sluice", "tokens.json");
    const document = JSON.parse(readFileSync(file, "utf8")) as { tokens: { name: string }[] };
    if (!document.tokens.some(({ name }) => name === `${role}-1`)) {
      const added = { name: `${role}-1`, role, sha256: createHash("sha256").update(token).digest("hex") };
      writeFileSync(file, JSON.stringify({ ...document, tokens: [...document.tokens, added] }));
    }
    return token;
  }
}

export interface DroppedFile {
  readonly name: string;
  readonly bytes: Uint8Array | string;
}

/** Drops files onto an element, as a hand with a mouse would. */
export async function dropFiles(target: Locator, files: readonly DroppedFile[]): Promise<void> {
  const encoded = files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString("base64") }));
  // As text: the types of a browser's page are not those of this program.
  const transfer = await target.page().evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of ${JSON.stringify(encoded)}) {
      transfer.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name));
    }
    return transfer;
  })()`);
  for (const type of ["dragover", "drop"]) await target.dispatchEvent(type, { dataTransfer: transfer });
}

/** What axe calls serious or critical, a line each. */
export async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } }).axe;
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
  });
}

interface AxeViolation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** Pixels by which the page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
}

export async function screenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(artifacts, `${name}.png`) });
}

export const LOOKS = [
  { name: "light", colorScheme: "light", width: 1280 },
  { name: "dark", colorScheme: "dark", width: 1280 },
  { name: "narrow", colorScheme: "light", width: 360 },
] as const;

export async function look(page: Page, { colorScheme, width }: (typeof LOOKS)[number]): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize({ width, height: 900 });
}
