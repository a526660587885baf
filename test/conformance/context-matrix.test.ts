// Every served hostcall in every callback, from the specification: what it may answer where, and that it has no effect where
// its row does not name the callback. What it does where it is allowed stands in the hostcall's own file.
import { describe, expect, it } from "vitest";
import {
  CALLBACKS,
  CAPABILITY_FAMILIES,
  HOSTCALLS,
  POLICY_CALLBACKS,
  POLICY_HOSTCALLS,
  Status,
  type HostcallRow,
} from "@sluice/abi/spec";
import { MATRIX } from "./generated/matrix.ts";
import { call, OUT, run, type Argument } from "./kit/guest.ts";
import { pairsOf } from "./kit/pairs.ts";
import { Exchange } from "./kit/exchange.ts";

// Callouts, queues, foreign functions and TCP are not served: nothing calls their callbacks.
const callbacks = [...CALLBACKS, ...POLICY_CALLBACKS].filter(({ served }) => served).map(({ name }) => name);
const rows = [...HOSTCALLS, ...POLICY_HOSTCALLS];

const READS_ONLY = ["proxy_on_log", "proxy_on_done", "proxy_on_delete", "policy_on_report"];

/** A stream whose maps are read-only where the engine's are. */
const streamIn = (callback: string): Exchange =>
  new Exchange({
    requestHeaders: [["x-a", "1"]],
    requestBody: "body",
    properties: { a: Buffer.from("1") },
    isReadOnly: READS_ONLY.includes(callback),
  });

/** Arguments by name and type that are good wherever the call is. */
function goodArguments({ params }: HostcallRow): Argument[] {
  return params.flatMap<Argument>(({ name, type }) => {
    switch (type) {
      case "outBytes":
        return [OUT, OUT];
      case "pairs":
        return [pairsOf([["x-b", "2"]])];
      case "bytes":
        return [name === "attributeName" ? "request.path" : name === "key" ? "x-a" : "value"];
      case "path":
        return ["a"];
      case "i64":
      case "u64":
        return [1n];
      default:
        return [type.startsWith("out") ? OUT : (GOOD_NUMBERS[name] ?? 0)];
    }
  });
}

const GOOD_NUMBERS: Readonly<Record<string, number>> = {
  statusCode: 403,
  contextId: 1,
  code: 7,
  attributeId: 1,
  amount: 1,
};

const QUOTAS = { quotas: [{ name: "value", windows: [{ count: 1, perMs: 1000, burst: 1 }] }] };

const changesOf = ({ replies, steps, verdict, response, reports, reservations, maps }: Exchange): unknown => ({
  replies: replies.length,
  steps,
  verdict,
  response,
  reports,
  reservations,
  request: maps[0],
});

describe.each(MATRIX.filter(({ served }) => served))("$hostcall", ({ hostcall, allowedIn, refusedIn }) => {
  const row = rows.find(({ name }) => name === hostcall)!;
  const statuses = [...row.statuses, "InternalFailure"].map((name) => Status[name as keyof typeof Status]);
  const callIn = (callback: string, stream: Exchange): number =>
    run([call(hostcall, ...goodArguments(row))], {
      in: callback,
      stream,
      capabilities: CAPABILITY_FAMILIES,
      settings: QUOTAS,
    }).status;

  it.each(callbacks.filter((name) => allowedIn.includes(name)))(
    "answers in %s with a status of its row",
    (callback) => {
      expect(statuses).toContain(callIn(callback, streamIn(callback)));
    },
  );

  const refused = callbacks.filter((name) => refusedIn.includes(name));
  if (refused.length > 0) {
    it.each(refused)("has no effect in %s", (callback) => {
      const stream = streamIn(callback);
      expect(statuses).toContain(callIn(callback, stream));
      expect(changesOf(stream)).toEqual(changesOf(streamIn(callback)));
    });
  }

  it(`${refusedIn.includes("start") ? "ends the guest" : "answers"} while the module starts`, () => {
    const start = (): number => callIn("_initialize", new Exchange());
    if (refusedIn.includes("start")) expect(start).toThrow(/restricted_callback/);
    else expect(statuses).toContain(start());
  });
});
