import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run, type GuestOptions } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { Exchange } from "./kit/exchange.ts";

const stream = () => new Exchange({ requestBody: "0123456789" });

const get = (type: number, start: number, max: number, options: GuestOptions = {}) =>
  run([call("proxy_get_buffer_bytes", type, start, max, OUT, OUT)], { stream: stream(), ...options });

describe("proxy_get_buffer_bytes", () => {
  itRefusesMisuse("proxy_get_buffer_bytes", [0, 0, 5, OUT, OUT], { stream });

  it.each([
    { start: 0, max: 10, text: "0123456789", remark: "all" },
    { start: 3, max: 4, text: "3456", remark: "a part" },
    { start: 8, max: 100, text: "89", remark: "as much as there is" },
    { start: 0, max: 0x7fff_ffff, text: "0123456789", remark: "2³¹-1, by which SDKs mean all" },
    { start: 0, max: -1, text: "0123456789", remark: "2³²-1, by which SDKs mean all" },
  ])("gives from $start up to $max bytes: $remark", ({ start, max, text }) => {
    expect(get(0, start, max).text(0)).toBe(text);
  });

  it.each([
    { start: 10, max: 1 },
    { start: -1, max: -1 },
    { start: 0, max: 0 },
  ])("gives address 0 and size 0 from $start for $max bytes", ({ start, max }) => {
    const outcome = get(0, start, max);
    expect([outcome.status, outcome.u32(0), outcome.u32(1)]).toEqual([Status.Ok, 0, 0]);
  });

  it.each([9, -1])("answers BadArgument to buffer type %i", (type) => {
    expect(get(type, 0, 1).status).toBe(Status.BadArgument);
  });

  it.each([1, 2, 3, 4, 5, 7, 8])("answers NotFound for buffer type %i, which is not there", (type) => {
    expect(get(type, 0, 1).status).toBe(Status.NotFound);
  });

  it("gives the plugin's configuration in proxy_on_configure only", () => {
    expect(get(7, 0, 100, { in: "proxy_on_configure" }).text(0)).toBe("plugin configuration");
    expect(get(7, 0, 100, { in: "proxy_on_vm_start" }).status).toBe(Status.NotFound);
  });

  it.each(["proxy_on_vm_start", "proxy_on_configure", "proxy_on_log"])(
    "gives the VM's configuration in %s",
    (callback) => {
      expect(get(6, 3, 100, { in: callback }).text(0)).toBe("configuration");
    },
  );

  it("gives configurations without the capability for bodies", () => {
    expect(get(7, 0, 6, { in: "proxy_on_configure", capabilities: [] }).text(0)).toBe("plugin");
  });
});
