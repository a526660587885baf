// What filters keep under a path of their own comes back byte for byte, whatever path and value are.
import fc from "fast-check";
import { expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { Exchange } from "./kit/exchange.ts";
import { call, OUT, run } from "./kit/guest.ts";

const segment = fc
  .uint8Array({ minLength: 1, maxLength: 8 })
  .map((bytes) => Buffer.from(bytes.map((byte) => byte || 1)));
const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => {
  // A first segment that no built-in property has.
  const joined = segments.flatMap((each) => [Buffer.from([0]), each]);
  return Buffer.concat([Buffer.from("own"), ...joined]);
});
const value = fc.uint8Array({ maxLength: 64 });

it("a property that was set is got, by its path and by that with a closing NUL, and by no other", () => {
  fc.assert(
    fc.property(path, value, (own, bytes) => {
      const closed = Buffer.concat([own, Buffer.from([0])]);
      const longer = Buffer.concat([own, Buffer.from("x")]);
      const get = (at: Uint8Array) => call("proxy_get_property", at, OUT, OUT);
      const calls = [call("proxy_set_property", own, bytes), get(own), get(closed), get(longer)];
      const outcome = run(calls, { stream: new Exchange() });
      expect(outcome.statuses).toEqual([Status.Ok, Status.Ok, Status.Ok, Status.NotFound]);
      expect([outcome.bytes(0), outcome.bytes(2)]).toEqual([bytes, bytes]);
    }),
    { numRuns: 60 },
  );
});

it("any path may be asked for: it is there or not", () => {
  const roots = ["request", "response", "source", "connection", "quota", "plugin_name", "xds", "metadata", ""];
  const any = fc.tuple(fc.constantFrom(...roots), fc.uint8Array({ maxLength: 24 }));
  fc.assert(
    fc.property(fc.array(any, { minLength: 20, maxLength: 20 }), (paths) => {
      const calls = paths.map(([root, rest]) =>
        call("proxy_get_property", Buffer.concat([Buffer.from(root), Buffer.from([0]), rest]), OUT, OUT),
      );
      for (const status of run(calls).statuses) expect([Status.Ok, Status.NotFound]).toContain(status);
    }),
    { numRuns: 20 },
  );
});
