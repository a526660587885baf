import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { Exchange } from "./kit/exchange.ts";

const word = (value: bigint): Uint8Array => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
};

const stream = () =>
  new Exchange({
    properties: {
      "source\0port": word(40_000n),
      "response\0flags": word(-2n),
      "request\0time": word(1_767_225_600_000_000_000n),
      "connection\0mtls": Uint8Array.from([1]),
      "request\0path": Buffer.from("/a"),
    },
  });

const get = (name: string) =>
  run([call("policy_attribute", name, OUT), call("policy_get_i64", 1, OUT)], {
    stream: stream(),
    in: "policy_on_check",
  });

describe("policy_get_i64", () => {
  itRefusesMisuse("policy_get_i64", [1, OUT], {
    stream,
    in: "policy_on_check",
    before: [call("policy_attribute", "source.port", OUT)],
  });

  it.each([
    { name: "source.port", value: 40_000n },
    { name: "response.flags", value: -2n },
    { name: "request.time", value: 1_767_225_600_000_000_000n },
    { name: "connection.mtls", value: 1n },
  ])("gives $value for $name", ({ name, value }) => {
    expect(BigInt.asIntN(64, get(name).u64(1))).toBe(value);
  });

  it.each(["request.path", "request.headers", "request.headers[x-a]"])(
    "answers BadArgument to %s, which is no number",
    (name) => {
      expect(get(name).statuses[1]).toBe(Status.BadArgument);
    },
  );

  it("answers NotFound to what is absent and writes nothing", () => {
    const outcome = get("response.code");
    expect([outcome.statuses[1], outcome.u32(1)]).toEqual([Status.NotFound, null]);
  });
});
