import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { pairsOf } from "./kit/pairs.ts";
import { Exchange } from "./kit/exchange.ts";

const stream = () =>
  new Exchange({
    requestHeaders: [
      ["x-role", "admin"],
      ["x-a", "1"],
      ["x-role", ""],
    ],
    properties: { "request\0url_path": Buffer.from("/a") },
  });

const get = (name: string) =>
  run([call("policy_attribute", name, OUT), call("policy_get_values", 1, OUT, OUT)], {
    stream: stream(),
    in: "policy_on_check",
  });

describe("policy_get_values", () => {
  itRefusesMisuse("policy_get_values", [1, OUT, OUT], {
    stream,
    in: "policy_on_check",
    before: [call("policy_attribute", "request.headers[x-role]", OUT)],
  });

  it.each([
    { name: "request.headers[x-role]", values: ["admin", ""] },
    { name: "request.headers[x-a]", values: ["1"] },
    { name: "request.url_path", values: ["/a"] },
  ])("gives every value of $name as the key of a pair", ({ name, values }) => {
    const pairs = values.map((value) => [value, ""] as const);
    expect(Buffer.from(get(name).bytes(1))).toEqual(Buffer.from(pairsOf(pairs)));
  });

  it.each(["request.headers[x-none]", "source.address"])("answers NotFound to %s, which is absent", (name) => {
    expect(get(name).statuses[1]).toBe(Status.NotFound);
  });

  it("answers BadArgument to a whole map", () => {
    expect(get("request.headers").statuses[1]).toBe(Status.BadArgument);
  });

  it("answers BadArgument to an unknown id", () => {
    expect(run([call("policy_get_values", 1, OUT, OUT)]).status).toBe(Status.BadArgument);
  });
});
