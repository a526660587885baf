// HOT: bench proxy.
// One finished stream as one JSON line. Strings of clients and filters leave here as pure ASCII with every control
// character escaped, so that a line can be shown in a terminal, cut at newlines and parsed anywhere.
//
// Names of the configuration come again with every line, so they are quoted once; so is the beginning of a slot's part,
// which is two digests long. Only what a client or a filter said is looked at byte by byte.

import type { SlotReport } from "@sluice/abi";
import type { ExchangeFacts } from "../exchange/http-server.ts";
import { SLOT_REVISIONS_MAX } from "../contract/limits.ts";
import { KEPT_NAMES_MAX } from "./limits.ts";

/** The record of a stream, newline included. `node` is the proxy's id. */
export function recordLine(facts: ExchangeFacts, node: string): string {
  const { route, cluster, endpoint, slots } = facts;
  return (
    `{"time":"${timeOf(facts.startedMs)}","id":"${facts.id()}","node":${named(node)}` +
    `,"deployment":${facts.snapshot.number},"listener":${named(facts.listener)}` +
    `,"route":${route === null ? "null" : named(route.name)},"cluster":${cluster === null ? "null" : named(cluster.name)}` +
    `,"upstream":${endpoint === null ? "null" : named(endpoint.address)},"source":${quoted(facts.sourceAddress)}` +
    `,"method":${quoted(facts.method())},"authority":${quoted(facts.authority())},"path":${quoted(facts.path())}` +
    `,"status":${facts.status},"flags":${flagsOf(facts)},"durationUs":${Math.round(facts.durationUs)}` +
    `,"bytesIn":${facts.bytesIn},"bytesOut":${facts.bytesOut},"slots":[${slots === null ? "" : slotParts(slots)}]}\n`
  );
}

let timeMs = -1;
let timeText = "";

/** Streams of a busy worker share their millisecond: dozens of them begin in one. */
function timeOf(ms: number): string {
  if (ms !== timeMs) {
    timeText = new Date(ms).toISOString();
    timeMs = ms;
  }
  return timeText;
}

function flagsOf({ flags }: ExchangeFacts): string {
  return flags.length === 0 ? "[]" : `[${flags.map(quoted).join(",")}]`;
}

function slotParts(slots: NonNullable<ExchangeFacts["slots"]>): string {
  let parts = "";
  for (let slot = 0; slot < slots.slotCount; slot++) {
    parts += `${slot === 0 ? "" : ","}${slotPart(slots.slotReport(slot))}`;
  }
  return parts;
}

function slotPart(report: SlotReport): string {
  return (
    `${slotPrefix(report)},"verdict":"${report.verdict}","code":${nullable(report.code)}` +
    `,"reason":${nullable(report.reason)},"cached":${report.cached},"fuel":${report.fuel},"durationUs":${report.durationUs ?? "null"}` +
    `,"dryRun":${report.dryRun},"error":${report.error === null ? "null" : escaped(JSON.stringify(report.error))}` +
    `,"quotas":${quotasOf(report)},"additions":${additionsOf(report)}}`
  );
}

interface Prefix {
  readonly slot: string;
  readonly filter: string;
  readonly version: string;
  readonly revision: string;
  readonly text: string;
}

/** By place of slot and revision, of those in the last line. Places are bounded, so the table is. */
const prefixes: (Prefix | undefined)[] = [];

function slotPrefix({ slot, index, arm, filter, version, revision }: SlotReport): string {
  const place = index * SLOT_REVISIONS_MAX + arm;
  const known = prefixes[place];
  if (
    known !== undefined &&
    known.revision === revision &&
    known.slot === slot &&
    known.version === version &&
    known.filter === filter
  )
    return known.text;
  const text = `{"slot":${quoted(slot)},"filter":${quoted(filter)},"version":${quoted(version)},"revision":${quoted(revision)}`;
  prefixes[place] = { slot, filter, version, revision, text };
  return text;
}

function quotasOf({ quotas }: SlotReport): string {
  return quotas.length === 0 ? "[]" : escaped(JSON.stringify(quotas));
}

function additionsOf({ additions }: SlotReport): string {
  for (const _ in additions) return escaped(JSON.stringify(additions));
  return "{}";
}

const names = new Map<string, string>();

/** `quoted` of a name from the configuration. */
function named(name: string): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  const text = quoted(name);
  if (names.size >= KEPT_NAMES_MAX) names.clear();
  names.set(name, text);
  return text;
}

function nullable(text: string | null): string {
  return text === null ? "null" : quoted(text);
}

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : escaped(JSON.stringify(text));
}

/** JSON with everything beyond printable ASCII written as \uXXXX: C1 controls and bidi marks can fool a terminal too. */
function escaped(json: string): string {
  return json.replace(NOT_ASCII, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const PLAIN = /^[ !#-[\]-~]*$/;
const NOT_ASCII = /[^ -~]/g;
