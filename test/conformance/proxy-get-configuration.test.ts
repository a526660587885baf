import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run, type GuestOptions } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const get = (callback: string, options: GuestOptions = {}) =>
  run([call("proxy_get_configuration", OUT, OUT)], { ...options, abi: "0_1_0", in: callback });

describe("proxy_get_configuration", () => {
  itRefusesMisuse("proxy_get_configuration", [OUT, OUT], { abi: "0_1_0" });

  it.each([
    { callback: "proxy_on_configure", text: "plugin configuration" },
    { callback: "proxy_on_vm_start", text: "vm configuration" },
    { callback: "proxy_on_tick", text: "vm configuration" },
    { callback: "proxy_on_request_headers", text: "vm configuration" },
  ])("gives the $text in $callback", ({ callback, text }) => {
    expect(get(callback).text(0)).toBe(text);
  });

  it("gives an empty one as address 0 and size 0", () => {
    const outcome = get("proxy_on_configure", { settings: { pluginConfig: new Uint8Array(0) } });
    expect([outcome.status, outcome.u32(0), outcome.u32(1)]).toEqual([Status.Ok, 0, 0]);
  });
});
