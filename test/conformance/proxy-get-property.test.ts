import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run, type GuestOptions } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { Exchange } from "./kit/exchange.ts";

const stream = () =>
  new Exchange({
    properties: { "request\0path": Buffer.from("/a"), "my-own": Buffer.from(""), plugin_name: Buffer.from("no") },
  });

const get = (path: string, options: GuestOptions = {}) =>
  run([call("proxy_get_property", path, OUT, OUT)], { stream: stream(), ...options });

describe("proxy_get_property", () => {
  itRefusesMisuse("proxy_get_property", ["request\0path", OUT, OUT], { stream });

  it.each([
    { path: "request\0path", value: "/a", remark: "the stream's" },
    { path: "request\0path\0", value: "/a", remark: "with the C++ SDK's closing NUL" },
    { path: "plugin_name", value: "fixture", remark: "the plugin's, whatever the stream says" },
    { path: "plugin_root_id", value: "root", remark: "the plugin's" },
    { path: "plugin_vm_id", value: "vm", remark: "the plugin's" },
  ])("gives $value for $path: $remark", ({ path, value }) => {
    const outcome = get(path);
    expect([outcome.status, outcome.text(0)]).toEqual([Status.Ok, value]);
  });

  it("gives the node's to a root context too", () => {
    const settings = { nodeProperties: { "xds\0node": Buffer.from("n1") } };
    expect(get("xds\0node", { in: "proxy_on_tick", settings }).text(0)).toBe("n1");
  });

  it("gives an empty value as address 0 and size 0", () => {
    const outcome = get("my-own");
    expect([outcome.status, outcome.u32(0), outcome.u32(1)]).toEqual([Status.Ok, 0, 0]);
  });

  it.each([
    { path: "request.path", remark: "a dot, which joins nothing" },
    { path: "", remark: "an empty path" },
    { path: "\0", remark: "only a NUL" },
    { path: "x".repeat(5000), remark: "a path that is too long" },
    { path: "response\0code", remark: "what is not there yet" },
  ])("answers NotFound to $remark and writes nothing", ({ path }) => {
    const outcome = get(path);
    expect([outcome.status, outcome.u32(0)]).toEqual([Status.NotFound, null]);
  });

  it("answers NotFound for a stream's property where there is no stream", () => {
    expect(get("request\0path", { in: "proxy_on_configure" }).status).toBe(Status.NotFound);
  });

  it("gives plugin_root_id while the root context is created, which the C++ SDK asks for", () => {
    expect(get("plugin_root_id", { in: "proxy_on_context_create" }).text(0)).toBe("root");
  });
});
