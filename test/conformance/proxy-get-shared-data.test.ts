import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run, type Call } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const set = (key: string, value: string) => call("proxy_set_shared_data", key, value, 0);
const get = (key: string) => call("proxy_get_shared_data", key, OUT, OUT, OUT);
const ask = (...calls: Call[]) => run(calls, { capabilities: ["sharedData"] });

describe("proxy_get_shared_data", () => {
  itRefusesMisuse("proxy_get_shared_data", ["key", OUT, OUT, OUT], {
    capabilities: ["sharedData"],
    before: [set("key", "value")],
  });

  it("gives value and compare-and-swap number", () => {
    const outcome = ask(set("key", "value"), get("key"));
    expect([outcome.text(0), outcome.u32(2)]).toEqual(["value", 1]);
  });

  it("gives an empty value as address 0 and size 0", () => {
    const outcome = ask(set("key", ""), get("key"));
    expect([outcome.statuses[1], outcome.u32(0), outcome.u32(1), outcome.u32(2)]).toEqual([Status.Ok, 0, 0, 1]);
  });

  it.each(["other", ""])("answers NotFound to the key %j and writes nothing", (key) => {
    const outcome = ask(set("key", "value"), get(key));
    expect([outcome.statuses[1], outcome.u32(0), outcome.u32(2)]).toEqual([Status.NotFound, null, null]);
  });

  it("works in a root context", () => {
    const outcome = run([set("", "v"), get("")], { capabilities: ["sharedData"], in: "proxy_on_configure" });
    expect(outcome.text(0)).toBe("v");
  });
});
