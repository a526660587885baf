import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const logged = (message: string | Uint8Array, level = 2) =>
  run([call("proxy_log", level, message)]).logs.map((entry) => entry.message);

describe("proxy_log", () => {
  itRefusesMisuse("proxy_log", [2, "hello"]);

  it.each([0, 1, 2, 3, 4, 5])("logs at level %i with the context that logged", (level) => {
    const { logs } = run([call("proxy_log", level, "hello")]);
    expect(logs).toMatchObject([{ level, message: "hello", source: "guest", contextId: 2 }]);
  });

  it.each([6, -1])("answers BadArgument to level %i", (level) => {
    const { status, logs } = run([call("proxy_log", level, "hello")]);
    expect([status, logs]).toEqual([Status.BadArgument, []]);
  });

  it.each([
    { text: "a\nb\r\u001b[2J", shown: "a\\nb\\r\\u001b[2J", remark: "control characters" },
    { text: "\u202eevil", shown: "\\u202eevil", remark: "a reversed reading direction" },
    { text: "", shown: "", remark: "nothing" },
  ])("escapes $remark", ({ text, shown }) => {
    expect(logged(text)).toEqual([shown]);
  });

  it("replaces what is not UTF-8", () => {
    expect(logged(Buffer.from([0x61, 0xff, 0x62]))).toEqual(["a\ufffdb"]);
  });

  it("cuts a long line and says how long it was", () => {
    expect(logged("x".repeat(5000))).toEqual([`${"x".repeat(4096)}… (5000 bytes)`]);
  });

  it("drops lines below the host's level with Ok", () => {
    const { status, logs } = run([call("proxy_log", 2, "hello")], { settings: { logLevel: 3 } });
    expect([status, logs]).toEqual([Status.Ok, []]);
  });

  it("is allowed while the module starts", () => {
    expect(run([call("proxy_log", 2, "hi")], { in: "_initialize" }).logs[0]).toMatchObject({ contextId: 0 });
  });

  it("counts lines beyond a thousand in one second and says so in the next", () => {
    const calls = Array.from({ length: 1005 }, () => call("proxy_log", 2, "x"));
    const { logs, guest } = run(calls, { in: "proxy_on_tick" });
    expect(logs.length).toBe(1000);
    guest.advance(1000);
    guest.call("proxy_on_tick", 1);
    expect(logs[1000]!.message).toBe("5 log lines dropped: more than 1000 in a second");
    expect(logs[1001]!.message).toBe("x");
  });
});
