// What a gRPC call and a gRPC stream refuse alike: names and metadata that make no request.
import { expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { MAY_CALL } from "./callouts.ts";
import { run, type Argument, type Call } from "./guest.ts";
import { pairsOf } from "./pairs.ts";

type Ask = (cluster: Argument, service: Argument, method: Argument, metadata: Argument) => Call;

export function itAsksOverGrpc(ask: Ask): void {
  it.each<readonly [remark: string, ...parts: Argument[]]>([
    ["a cluster that is not there", "nowhere", "s.S", "M", ""],
    ["an empty cluster", "", "s.S", "M", ""],
    ["no service", "backend", "", "M", ""],
    ["no method", "backend", "s.S", "", ""],
    ["a slash in the service", "backend", "s/S", "M", ""],
    ["a line break in the method", "backend", "s.S", "M\r\n", ""],
    ["malformed metadata", "backend", "s.S", "M", Uint8Array.from([1, 0, 0])],
    ["a line feed in metadata", "backend", "s.S", "M", pairsOf([["x", "a\nb"]])],
    ["a NUL in metadata", "backend", "s.S", "M", pairsOf([["x", "a\0b"]])],
    ["an empty name in metadata", "backend", "s.S", "M", pairsOf([["", "a"]])],
    ["a pseudo header in metadata", "backend", "s.S", "M", pairsOf([[":path", "/"]])],
  ])("answers ParseFailure to %s, asks nobody and writes no token", (_, cluster, service, method, metadata) => {
    const outcome = run([ask(cluster!, service!, method!, metadata!)], MAY_CALL);
    expect([outcome.status, outcome.u32(0), outcome.guest.callouts]).toEqual([Status.ParseFailure, null, []]);
  });

  it("sends metadata with names in lower case", () => {
    const { guest } = run([ask("backend", "s.S", "M", pairsOf([["X-A", "1"]]))], MAY_CALL);
    expect(guest.callouts[0]!.fields).toContainEqual(["x-a", "1"]);
  });

  it("gives tokens that no HTTP call has", () => {
    const outcome = run([ask("backend", "s.S", "M", ""), ask("backend", "s.S", "M", "")], MAY_CALL);
    const tokens = [outcome.u32(0)!, outcome.u32(1)!];
    expect([new Set(tokens).size, tokens.every((token) => token % 4 !== 0)]).toEqual([2, true]);
  });
}
