// The specification's rows as the suite asks for them, and arguments that are good wherever a hostcall is made.
import {
  CALLBACKS,
  CAPABILITY_FAMILIES,
  CONNECTION,
  HOSTCALLS,
  MatcherKind,
  POLICY_CALLBACKS,
  POLICY_HOSTCALLS,
  Status,
  type AbiVersion,
  type CallbackRow,
  type HostcallRow,
} from "@sluice/abi/spec";
import { Exchange } from "./exchange.ts";
import { call, callText, importText, OUT, type Argument, type Call, type DataSection } from "./guest.ts";
import type { GuestSettings } from "./host.ts";
import { pairsOf } from "./pairs.ts";
import { PLAIN_SETTINGS } from "./sluice-host.ts";

export const ALL_HOSTCALLS: readonly HostcallRow[] = [...HOSTCALLS, ...POLICY_HOSTCALLS];
export const ALL_CALLBACKS: readonly CallbackRow[] = [...CALLBACKS, ...POLICY_CALLBACKS];

export function hostcallRow(name: string): HostcallRow {
  return ALL_HOSTCALLS.find((row) => row.name === name)!;
}

export function isIn(version: AbiVersion, { versions }: { readonly versions: readonly AbiVersion[] }): boolean {
  return versions.includes(version);
}

/** The parameters of a callback in one version; they differ for headers. */
export function paramsIn(version: AbiVersion, row: CallbackRow): readonly string[] {
  return row.paramsIn?.[version] ?? row.params;
}

/** `0.2.1` as modules spell it in their marker. */
export function markerOf(version: AbiVersion): "0_1_0" | "0_2_0" | "0_2_1" {
  return version.replaceAll(".", "_") as ReturnType<typeof markerOf>;
}

/** What a row lets a host answer, as numbers. */
export function statusesOf({ statuses }: HostcallRow): readonly number[] {
  return [...statuses, "InternalFailure"].map((name) => Status[name as keyof typeof Status]);
}

/** Everything granted, and whatever good arguments name is there. */
export const EVERYTHING: GuestSettings = {
  ...PLAIN_SETTINGS,
  capabilities: CAPABILITY_FAMILIES,
  clusters: ["value"],
  quotas: [{ name: "value", windows: [{ count: 1, perMs: 1000, burst: 1 }] }],
};

const GOOD_NUMBERS: Readonly<Record<string, number>> = {
  statusCode: 403,
  contextId: 1,
  code: 7,
  attributeId: 1,
  amount: 1,
  timeout: 1000,
};

/** By hostcall and parameter, where what is good by type is none: whom to ask, and what a preparation has made. */
const GOOD_ARGUMENTS: Readonly<Record<string, Readonly<Record<string, Argument>>>> = {
  proxy_http_call: {
    headers: pairsOf([
      [":method", "GET"],
      [":path", "/"],
      [":authority", "a.test"],
    ]),
  },
  proxy_grpc_send: { token: 6 },
  proxy_grpc_cancel: { token: 6 },
  proxy_grpc_close: { token: 6 },
  proxy_resolve_shared_queue: { vmId: PLAIN_SETTINGS.vmId },
  proxy_enqueue_shared_queue: { token: 1 },
  proxy_dequeue_shared_queue: { token: 1 },
  proxy_increment_metric: { metricId: 4 },
  proxy_record_metric: { metricId: 9 },
  proxy_get_metric: { metricId: 4 },
  proxy_call_foreign_function: { functionName: "compress" },
  policy_match: { matcherId: 1 },
};

export function goodArguments(row: HostcallRow): Argument[] {
  return row.params.flatMap<Argument>(({ name, type }) => {
    const own = GOOD_ARGUMENTS[row.name]?.[name];
    if (own !== undefined) return [own];
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

const STREAM_CALL = [call("proxy_grpc_stream", "value", "s.S", "M", "", OUT)];
const QUEUE = [call("proxy_register_shared_queue", "value", OUT)];
const METRICS = [0, 1, 2].map((type) => call("proxy_define_metric", type, "m", OUT));
const ATTRIBUTE = [call("policy_attribute", "request.headers[x-a]", OUT)];

/** What a root does at configure so that there is something for a hostcall's numbers to mean. */
const PREPARATIONS: Readonly<Record<string, readonly Call[]>> = {
  proxy_grpc_send: STREAM_CALL,
  proxy_grpc_cancel: STREAM_CALL,
  proxy_grpc_close: STREAM_CALL,
  proxy_get_shared_data: [call("proxy_set_shared_data", "x-a", "value", 0)],
  proxy_resolve_shared_queue: QUEUE,
  proxy_enqueue_shared_queue: QUEUE,
  proxy_dequeue_shared_queue: [...QUEUE, call("proxy_enqueue_shared_queue", 1, "value")],
  proxy_increment_metric: METRICS,
  proxy_record_metric: METRICS,
  proxy_get_metric: METRICS,
  policy_get: ATTRIBUTE,
  policy_get_values: ATTRIBUTE,
  policy_get_i64: [call("policy_attribute", "request.size", OUT)],
  policy_match: [...ATTRIBUTE, call("policy_matcher", MatcherKind.Exact, pairsOf([["1", "7"]]), OUT)],
};

/** The text of a function `$prepare` that does it, and its imports but the one that there is already. */
export function preparationText(hostcall: string, data: DataSection): string {
  const calls = PREPARATIONS[hostcall] ?? [];
  const names = new Set(calls.map(({ name }) => name).filter((name) => name !== hostcall));
  const made = calls.map((each) => callText(each, PREPARED_AT, data)).join("\n");
  return `${[...names].map((name) => importText(name)).join("\n")} (func $prepare ${made})`;
}

const PREPARED_AT = 1016;

const READS_ONLY = ["proxy_on_log", "proxy_on_done", "proxy_on_delete", "policy_on_report"];

/** An exchange whose maps are read-only where an engine's are. */
export function exchangeIn(callback: string): Exchange {
  const properties = { a: Buffer.from("1"), "request\0size": Uint8Array.from([7, 0, 0, 0, 0, 0, 0, 0]) };
  if (CONNECTION.some((name) => name === callback))
    return new Exchange({ downstreamData: "down", upstreamData: "up", properties });
  return new Exchange({
    requestHeaders: [["x-a", "1"]],
    responseHeaders: [[":status", "200"]],
    requestBody: "body",
    properties,
    isReadOnly: READS_ONLY.includes(callback),
  });
}
