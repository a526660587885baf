import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run, type GuestOptions } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { Exchange } from "./kit/exchange.ts";

const stream = () =>
  new Exchange({
    requestHeaders: [
      [":authority", "a.test"],
      ["x-role", "admin"],
      ["x-role", "guest"],
      ["x-empty", ""],
    ],
    properties: { "request\0url_path": Buffer.from("/a") },
  });

const get = (name: string, options: GuestOptions = {}) =>
  run([call("policy_attribute", name, OUT), call("policy_get", 1, OUT, OUT)], {
    stream: stream(),
    in: "policy_on_check",
    ...options,
  });

describe("policy_get", () => {
  itRefusesMisuse("policy_get", [1, OUT, OUT], {
    stream,
    in: "policy_on_check",
    before: [call("policy_attribute", "request.headers[x-role]", OUT)],
  });

  it.each([
    { name: "request.url_path", value: "/a" },
    { name: "request.headers[x-role]", value: "admin" },
    { name: "request.headers[X-Role]", value: "admin" },
    { name: "request.headers[host]", value: "a.test" },
    { name: "plugin_name", value: "fixture" },
  ])("gives $value for $name", ({ name, value }) => {
    expect(get(name).text(1)).toBe(value);
  });

  it("tells empty from absent", () => {
    const empty = get("request.headers[x-empty]");
    expect([empty.statuses[1], empty.u32(1), empty.u32(2)]).toEqual([Status.Ok, 0, 0]);
    const absent = get("request.headers[x-none]");
    expect([absent.statuses[1], absent.u32(1)]).toEqual([Status.NotFound, null]);
    expect(get("response.headers[x-none]").statuses[1]).toBe(Status.NotFound);
    expect(get("source.address").statuses[1]).toBe(Status.NotFound);
  });

  it.each([0, 2, -1])("answers BadArgument to the id %i", (id) => {
    const calls = [call("policy_attribute", "source.address", OUT), call("policy_get", id, OUT, OUT)];
    expect(run(calls, { stream: stream() }).statuses[1]).toBe(Status.BadArgument);
  });

  it("answers NotFound where there is no stream", () => {
    expect(get("request.headers[x-role]", { in: "proxy_on_tick" }).statuses[1]).toBe(Status.NotFound);
  });
});
