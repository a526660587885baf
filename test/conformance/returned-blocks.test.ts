// Every hostcall that returns bytes asks the guest for a block. What the guest may make of that: its memory grows meanwhile, it
// has no block, one that is not memory, no allocator, or it traps.
import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { Exchange } from "./kit/exchange.ts";
import { call, OUT, ready, run, type Call, type GuestOptions } from "./kit/guest.ts";
import { pairsOf } from "./kit/pairs.ts";
import { ALL_HOSTCALLS, EVERYTHING } from "./kit/rows.ts";

interface Returning {
  /** The last one returns the bytes. */
  readonly calls: readonly Call[];
  readonly bytes: string | Uint8Array;
  readonly abi?: "0_1_0";
}

const FIELDS = [["x-a", "a value"]] as const;
const LIST = pairsOf([["a value", ""]]);

const RETURNING: Readonly<Record<string, Returning>> = {
  proxy_get_configuration: {
    calls: [call("proxy_get_configuration", OUT, OUT)],
    bytes: "vm configuration",
    abi: "0_1_0",
  },
  proxy_get_property: { calls: [call("proxy_get_property", "plugin_name", OUT, OUT)], bytes: "fixture" },
  proxy_get_buffer_bytes: { calls: [call("proxy_get_buffer_bytes", 0, 0, 99, OUT, OUT)], bytes: "a body" },
  proxy_get_header_map_pairs: { calls: [call("proxy_get_header_map_pairs", 0, OUT, OUT)], bytes: pairsOf(FIELDS) },
  proxy_get_header_map_value: { calls: [call("proxy_get_header_map_value", 0, "x-a", OUT, OUT)], bytes: "a value" },
  proxy_get_shared_data: {
    calls: [call("proxy_set_shared_data", "key", "kept", 0), call("proxy_get_shared_data", "key", OUT, OUT, OUT)],
    bytes: "kept",
  },
  proxy_dequeue_shared_queue: {
    calls: [
      call("proxy_register_shared_queue", "queue", 2048),
      call("proxy_enqueue_shared_queue", 1, "item"),
      call("proxy_dequeue_shared_queue", 1, OUT, OUT),
    ],
    bytes: "item",
  },
  proxy_call_foreign_function: {
    calls: [call("proxy_call_foreign_function", "sluice.policy_attribute", "plugin_name", OUT, OUT)],
    bytes: Uint8Array.from([1, 0, 0, 0]),
  },
  policy_get: {
    calls: [call("policy_attribute", "request.headers[x-a]", 2048), call("policy_get", 1, OUT, OUT)],
    bytes: "a value",
  },
  policy_get_values: {
    calls: [call("policy_attribute", "request.headers[x-a]", 2048), call("policy_get_values", 1, OUT, OUT)],
    bytes: LIST,
  },
};

const options = ({ abi = undefined }: Returning, allocator: GuestOptions["allocator"]): GuestOptions => ({
  stream: new Exchange({ requestHeaders: FIELDS, requestBody: "a body" }),
  capabilities: EVERYTHING.capabilities,
  allocator: allocator!,
  ...(abi !== undefined && { abi }),
});

const cases = Object.entries(RETURNING).map(([hostcall, returning]) => ({ hostcall, returning }));

describe.each(cases)("$hostcall", ({ returning }) => {
  const { calls, bytes } = returning;

  it.each(["bump", "growing"] as const)("fills a block that a %s allocator gives", (allocator) => {
    const outcome = run(calls, options(returning, allocator));
    expect(outcome.statuses.at(-1)).toBe(Status.Ok);
    expect(Buffer.from(outcome.bytes(0))).toEqual(Buffer.from(bytes));
  });

  it.each(["zero", "outOfRange", "none"] as const)(
    "answers InvalidMemoryAccess to %s, and writes nothing",
    (allocator) => {
      const outcome = run(calls, options(returning, allocator));
      expect([outcome.statuses.at(-1), outcome.u32(0), outcome.u32(1)]).toEqual([
        Status.InvalidMemoryAccess,
        null,
        null,
      ]);
    },
  );

  it("ends a guest whose allocator traps", () => {
    const { enter } = ready(calls, options(returning, "trap"));
    expect(enter).toThrow(/unreachable/);
  });
});

it("asks every hostcall that returns bytes, but for the words of a failure", () => {
  const returning = ALL_HOSTCALLS.filter(({ params }) => params.some(({ type }) => type === "outBytes"));
  const names = returning.map(({ name }) => name).filter((name) => name !== "proxy_get_status");
  expect(Object.keys(RETURNING).toSorted()).toEqual(names.toSorted());
});
