import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { Exchange } from "./kit/exchange.ts";

const stream = () => new Exchange({ responseBody: "0123456789" });
const ask = (type: number, callback = "proxy_on_response_body") =>
  run([call("proxy_get_buffer_status", type, OUT, OUT)], { stream: stream(), in: callback });

describe("proxy_get_buffer_status", () => {
  itRefusesMisuse("proxy_get_buffer_status", [1, OUT, OUT], { stream });

  it("gives the size and no flags", () => {
    const outcome = ask(1);
    expect([outcome.status, outcome.u32(0), outcome.u32(1)]).toEqual([Status.Ok, 10, 0]);
  });

  it("gives the size of a configuration", () => {
    expect(ask(7, "proxy_on_configure").u32(0)).toBe("plugin configuration".length);
  });

  it.each([9, -1])("answers BadArgument to buffer type %i", (type) => {
    expect(ask(type).status).toBe(Status.BadArgument);
  });

  it.each([0, 2, 4, 7])("answers NotFound for buffer type %i, which is not there, and writes nothing", (type) => {
    const outcome = ask(type);
    expect([outcome.status, outcome.u32(0)]).toEqual([Status.NotFound, null]);
  });
});
