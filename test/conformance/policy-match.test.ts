import { describe, expect, it } from "vitest";
import { MatcherKind, Status } from "@sluice/abi/spec";
import { Exchange } from "./kit/exchange.ts";
import { startGuest } from "./kit/guest.ts";
import { FIRST_STREAM, ROOT_CONTEXT, type HostedGuest } from "./kit/host.ts";
import { pairsOf } from "./kit/pairs.ts";

const escaped = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");

/** Makes one matcher and resolves one attribute at configure; in a check and in a tick it asks and keeps status and class at 16 and 20. */
function start(kind: number, entries: readonly (readonly [string, string])[], attribute: string): HostedGuest {
  const table = pairsOf(entries);
  return startGuest(`
    (import "sluice" "policy_matcher" (func $matcher (param i32 i32 i32 i32) (result i32)))
    (import "sluice" "policy_attribute" (func $attribute (param i32 i32 i32) (result i32)))
    (import "sluice" "policy_match" (func $match (param i32 i32 i32) (result i32)))
    (func (export "sluice_policy_abi_version_1"))
    (func (export "proxy_on_configure") (param i32 i32) (result i32)
      (i32.and
        (i32.eqz (call $matcher (i32.const ${kind}) (i32.const 1024) (i32.const ${table.length}) (i32.const 0)))
        (i32.eqz (call $attribute (i32.const 512) (i32.const ${attribute.length}) (i32.const 4)))))
    (func $ask (param $classOut i32) (param $more i32)
      (i32.store (i32.const 16) (call $match
        (i32.add (i32.load (i32.const 0)) (local.get $more))
        (i32.load (i32.const 4))
        (local.get $classOut))))
    (func (export "policy_on_check") (param i32) (result i32) (call $ask (i32.const 20) (i32.const 0)) (i32.const 0))
    (func (export "proxy_on_tick") (param i32) (call $ask (i32.const 20) (i32.const 0)))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (call $ask (i32.const 65533) (i32.const 0)) (i32.const 0))
    (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
      (call $ask (i32.const 20) (i32.const 1)) (i32.const 0))
    (data (i32.const 512) "${attribute}")
    (data (i32.const 1024) "${escaped(table)}")`);
}

function answerIn(guest: HostedGuest, callback: string, exchange: Exchange | null): [status: number, found: number] {
  if (exchange !== null) guest.createStream(exchange);
  guest.call(callback, exchange === null ? ROOT_CONTEXT : FIRST_STREAM);
  const memory = Buffer.from(guest.memory());
  return [memory.readInt32LE(16), memory.readInt32LE(20)];
}

describe("policy_match", () => {
  const roles = [["admin", "1"], ["user", "7"]] as const; // prettier-ignore
  const header = "request.headers[x-role]";

  it.each([
    { values: ["admin"], found: 1, remark: "the class of the value" },
    { values: ["guest"], found: 0, remark: "0 when no entry is it" },
    { values: [""], found: 0, remark: "0 for an empty value" },
    { values: [], found: -1, remark: "-1 when the header is absent" },
    { values: ["admin", "admin"], found: -2, remark: "-2 when there are several values" },
  ])("gives $remark", ({ values, found }) => {
    const exchange = new Exchange({ requestHeaders: values.map((value) => ["x-role", value]) });
    expect(answerIn(start(MatcherKind.Exact, roles, header), "policy_on_check", exchange)).toEqual([Status.Ok, found]);
  });

  it.each([
    { kind: MatcherKind.Prefix, entry: "/users/", attribute: "request.path", value: "/users/1?x", found: 3 },
    { kind: MatcherKind.Suffix, entry: ".example.com", attribute: "request.host", value: "a.example.com", found: 3 },
    { kind: MatcherKind.Cidr, entry: "10.0.0.0/8", attribute: "source.address", value: "10.1.2.3:80", found: 3 },
    { kind: MatcherKind.Cidr, entry: "::1", attribute: "source.address", value: "[::1]:80", found: 3 },
  ])("matches the attribute $attribute by kind $kind", ({ kind, entry, attribute, value, found }) => {
    const path = attribute.replaceAll(".", "\0");
    const exchange = new Exchange({ properties: { [path]: Buffer.from(value) } });
    expect(answerIn(start(kind, [[entry, "3"]], attribute), "policy_on_check", exchange)).toEqual([Status.Ok, found]);
  });

  it("gives -1 in a root context, where there is no stream", () => {
    expect(answerIn(start(MatcherKind.Exact, roles, header), "proxy_on_tick", null)).toEqual([Status.Ok, -1]);
  });

  it.each([
    { attribute: "request.headers", remark: "an attribute that is a map" },
    { attribute: "request.size", remark: "an attribute that is a number" },
  ])("answers BadArgument to $remark", ({ attribute }) => {
    const guest = start(MatcherKind.Exact, roles, attribute);
    expect(answerIn(guest, "policy_on_check", new Exchange())).toEqual([Status.BadArgument, 0]);
  });

  it.each([
    {
      callback: "proxy_on_request_headers",
      status: Status.InvalidMemoryAccess,
      remark: "to a class that has no place",
    },
    { callback: "proxy_on_response_headers", status: Status.BadArgument, remark: "to a matcher that there is not" },
  ])("answers $status $remark, and writes nothing", ({ callback, status }) => {
    const guest = start(MatcherKind.Exact, roles, header);
    expect(answerIn(guest, callback, new Exchange())).toEqual([status, 0]);
  });
});
