// HOT: bench proxy.
// One finished stream as one JSON line. Strings of clients and filters leave here as pure ASCII with every control
// character escaped, so that a line can be shown in a terminal, cut at newlines and parsed anywhere.

import type { SlotReport } from "@sluice/abi";
import type { ExchangeFacts } from "../exchange/http-server.ts";

/** The record of a stream, newline included. `node` is the proxy's id. */
export function recordLine(facts: ExchangeFacts, node: string): string {
  const { route, endpoint, slots } = facts;
  return (
    `{"time":"${new Date(facts.startedMs).toISOString()}","id":"${facts.id()}","node":${quoted(node)}` +
    `,"deployment":${facts.snapshot.number},"listener":${quoted(facts.listener)}` +
    `,"route":${route === null ? "null" : quoted(route.name)},"cluster":${route === null ? "null" : quoted(route.cluster.name)}` +
    `,"upstream":${endpoint === null ? "null" : quoted(endpoint.address)},"source":${quoted(facts.sourceAddress)}` +
    `,"method":${quoted(facts.method())},"authority":${quoted(facts.authority())},"path":${quoted(facts.path())}` +
    `,"status":${facts.status},"flags":[${facts.flags.map(quoted).join(",")}],"durationUs":${Math.round(facts.durationUs)}` +
    `,"bytesIn":${facts.bytesIn},"bytesOut":${facts.bytesOut},"slots":[${slots === null ? "" : slotParts(slots)}]}\n`
  );
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
    `{"slot":${quoted(report.slot)},"filter":${quoted(report.filter)},"version":${quoted(report.version)}` +
    `,"revision":${quoted(report.revision)},"verdict":"${report.verdict}","code":${nullable(report.code)}` +
    `,"reason":${nullable(report.reason)},"cached":${report.cached},"fuel":${report.fuel},"durationUs":${report.durationUs ?? "null"}` +
    `,"dryRun":${report.dryRun},"error":${report.error === null ? "null" : escaped(JSON.stringify(report.error))}` +
    `,"quotas":[],"additions":${escaped(JSON.stringify(report.additions))}}`
  );
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
