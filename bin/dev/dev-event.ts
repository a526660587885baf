// What `sluice dev` tells: one event per thing that happened, as a line of JSON or a few lines for a person.

import type { Refusal } from "@sluice/abi";

/** What has to go well before a save serves, in this order. */
export type DevStep = "build" | "test" | "config" | "push" | "deploy";

/** What became of the slot in the end; `left`: somebody else has changed it, `none`: nothing of ours came into it. */
export type SlotFate = "removed" | "restored" | "left" | "none";

export type DevEvent =
  | {
      readonly event: "watching";
      readonly slot: string;
      readonly folder: string;
      readonly config: string | null;
      readonly registry: string;
      /** Null when the proxy is not ours. */
      readonly proxy: string | null;
      readonly proxyLog: string | null;
    }
  | {
      readonly event: "served";
      readonly deployment: number;
      readonly version: string;
      /** From the save to the last proxy's word that it serves; null at the start, which no save began. */
      readonly servedMs: number | null;
      readonly buildMs: number;
      /** Cases of request files and specs; all passed. */
      readonly tests: number;
      readonly fuelMax: number;
      readonly wasmBytes: number;
      readonly proxies: readonly string[];
      readonly warnings: readonly string[];
    }
  /** What was saved comes to the same. */
  | { readonly event: "unchanged"; readonly deployment: number }
  | ({
      readonly event: "refused";
      readonly step: DevStep;
      readonly problems: readonly string[];
      /** The deployment that goes on serving; null when none of ours does. */
      readonly serving: number | null;
    } & Refusal)
  | {
      readonly event: "stopped";
      readonly slot: SlotFate;
      readonly deployment: number | null;
    };

/** The event for a person; empty when there is nothing to say. */
export function eventText(event: DevEvent): string {
  if (event.event === "watching") return watchingText(event);
  if (event.event === "served") return servedText(event);
  if (event.event === "unchanged") return `✓ as before: deployment ${event.deployment} serves`;
  if (event.event === "refused") return refusedText(event);
  return fates[event.slot];
}

const fates: Readonly<Record<SlotFate, string>> = {
  removed: "slot removed",
  restored: "slot put back as it was",
  left: "slot left alone: somebody else has changed it",
  none: "nothing of yours was serving",
};

type Event<Name extends DevEvent["event"]> = Extract<DevEvent, { event: Name }>;

function watchingText({ slot, folder, config, registry, proxy, proxyLog }: Event<"watching">): string {
  const through =
    proxy === null ? `through the registry ${registry}` : `at ${proxy} (registry and console ${registry})`;
  const log = proxyLog === null ? [] : [`  records and log of the proxy: ${proxyLog}`];
  const configured = config === null ? "" : `, configured by ${config}`;
  return [`${slot}: ${folder}${configured}, ${through}`, ...log, "  Ctrl-C takes it out of the traffic again"].join(
    "\n",
  );
}

function servedText(event: Event<"served">): string {
  const { deployment, servedMs, buildMs, tests, fuelMax, wasmBytes, warnings, proxies } = event;
  const when = servedMs === null ? "serves" : `serves ${seconds(servedMs)} after the save`;
  const tested =
    tests === 0 ? "no tests" : `${tests} ${tests === 1 ? "test" : "tests"}, at most ${count(fuelMax)} fuel`;
  const nobody = proxies.length === 0 ? ["  no proxy is connected; it is applied when one connects"] : [];
  return [
    `✓ deployment ${deployment} ${when}  (build ${seconds(buildMs)}, ${tested}, ${count(wasmBytes)} B)`,
    ...nobody,
    ...warnings.map((warning) => `  ${warning}`),
  ].join("\n");
}

const failed: Readonly<Record<DevStep, string>> = {
  build: "does not build",
  test: "tests failed",
  config: "the configuration cannot be read",
  push: "refused by the registry",
  deploy: "not served",
};

function refusedText({ step, problems, hint, code, serving }: Event<"refused">): string {
  const still = serving === null ? "nothing of yours serves yet" : `deployment ${serving} goes on serving`;
  const help = step === "test" ? [] : [`  ${hint} (${code})`];
  return [`✕ ${failed[step]}; ${still}`, ...problems.map((line) => `  ${line}`), ...help].join("\n");
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function count(number: number): string {
  return number.toLocaleString("en");
}
