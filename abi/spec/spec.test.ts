import { describe, expect, it } from "vitest";
import { ANY, CALLBACKS, MOMENTS } from "./callbacks.ts";
import { ENUMS } from "./enums.ts";
import { HOSTCALLS } from "./hostcalls.ts";
import { POLICY_CALLBACKS, POLICY_HOSTCALLS } from "./policy.ts";
import { ABI_VERSIONS, CAPABILITY_FAMILIES, EFFECTS, wireParams, type HostcallRow } from "./row.ts";
import { ENV_FUNCTIONS, WASI_FUNCTIONS } from "./wasi.ts";

const hostcalls = [...HOSTCALLS, ...POLICY_HOSTCALLS];
const callbacks = [...CALLBACKS, ...POLICY_CALLBACKS];
const imports = [...hostcalls, ...WASI_FUNCTIONS, ...ENV_FUNCTIONS];
const families: readonly string[] = [...CAPABILITY_FAMILIES, "always"];
const enumNames = ENUMS.map(({ name }) => name);

/** The wasm types as the ABI's own tables write them: i for i32, I for i64. */
const typesOf = (row: HostcallRow): string =>
  wireParams(row.params)
    .map(({ type }) => (type === "i64" ? "I" : "i"))
    .join("");

describe("the specification", () => {
  it.each(imports)("$name has an effect on a check and a capability family", (row) => {
    expect(EFFECTS).toContain(row.effect);
    expect(families).toContain(row.family);
    expect(row.prose).toMatch(/\.$/);
  });

  it.each(hostcalls)("$name names known statuses, enums and callbacks", (row) => {
    const statuses = Object.keys(ENUMS.find(({ name }) => name === "Status")!.values);
    expect(statuses).toEqual(expect.arrayContaining([...row.statuses]));
    expect([...ANY, ...MOMENTS]).toEqual(expect.arrayContaining([...row.callbacks]));
    for (const param of row.params) if (param.enum !== undefined) expect(enumNames).toContain(param.enum);
  });

  it.each(hostcalls.filter((row) => row.exception !== undefined))(
    "$name makes exceptions for values that exist",
    (row) => {
      const { param, values } = row.exception!;
      const values_ = ENUMS.find(({ name }) => name === row.params.find((each) => each.name === param)!.enum)!.values;
      expect(Object.keys(values_)).toEqual(expect.arrayContaining([...values]));
    },
  );

  it("has a row for each callback that the groups name, and no other", () => {
    expect(callbacks.map(({ name }) => name).sort()).toEqual([...ANY].sort());
  });

  it("names nothing twice", () => {
    const names = imports.map((row) => row.name);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([
    ["", ["done", "continue_request", "continue_response", "clear_route_cache"]],
    ["i", ["get_log_level", "get_current_time_nanoseconds", "set_tick_period_milliseconds", "set_effective_context"]],
    ["i", ["continue_stream", "close_stream", "grpc_cancel", "grpc_close"]],
    ["ii", ["get_header_map_size", "get_metric", "get_configuration"]],
    ["iI", ["increment_metric", "record_metric"]],
    ["iii", ["log", "get_status", "get_buffer_status", "get_header_map_pairs", "set_header_map_pairs"]],
    ["iii", ["remove_header_map_value", "register_shared_queue", "enqueue_shared_queue", "dequeue_shared_queue"]],
    ["iiii", ["get_property", "set_property", "grpc_send", "define_metric"]],
    ["iiiii", ["get_buffer_bytes", "set_buffer_bytes", "get_header_map_value", "add_header_map_value"]],
    ["iiiii", ["replace_header_map_value", "get_shared_data", "set_shared_data", "resolve_shared_queue"]],
    ["iiiiii", ["call_foreign_function"]],
    ["iiiiiiii", ["send_local_response"]],
    ["iiiiiiiii", ["grpc_stream"]],
    ["iiiiiiiiii", ["http_call"]],
    ["iiiiiiiiiiii", ["grpc_call"]],
  ])("gives the wasm types (%s) to the hostcalls that compiled modules import with them", (types, names) => {
    for (const name of names)
      expect([name, typesOf(HOSTCALLS.find((row) => row.name === `proxy_${name}`)!)]).toEqual([name, types]);
  });

  it("differs between versions only where the versions do", () => {
    const only = (version: string): string[] =>
      HOSTCALLS.filter(
        ({ versions }) => !(ABI_VERSIONS.length === versions.length) && versions.some((v) => v === version),
      ).map(({ name }) => name);
    expect(only("0.1.0")).toEqual([
      "proxy_get_configuration",
      "proxy_continue_request",
      "proxy_continue_response",
      "proxy_clear_route_cache",
    ]);
    expect(only("0.2.0")).toEqual(["proxy_continue_stream", "proxy_close_stream"]);
    expect(only("0.2.1")).toEqual(["proxy_get_log_level", "proxy_continue_stream", "proxy_close_stream"]);
  });
});
