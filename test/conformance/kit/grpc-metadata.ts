// What the two callbacks of a gRPC stream's metadata have in common: which map it is in, and for whom.
import { expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { grpcCall, grpcStream, hearing } from "./callouts.ts";
import type { Pairs } from "./exchange.ts";
import { call, OUT, run } from "./guest.ts";
import type { MadeCallout } from "./host.ts";

export function itBringsMetadata(
  name: string,
  mapType: number,
  news: (metadata: Pairs) => Parameters<MadeCallout["tell"]>[0],
): void {
  const get = (type: number) => call("proxy_get_header_map_value", type, "x-m", OUT, OUT);

  it("brings metadata of a stream, readable meanwhile", () => {
    const outcome = run([grpcStream()], hearing(name, get(mapType), get(9 - mapType)));
    outcome.guest.callouts[0]!.tell(news([["x-m", "1"]]));
    const now = outcome.again();
    expect([now.statuses.slice(1), now.text(1)]).toEqual([[Status.Ok, Status.BadArgument], "1"]);
  });

  it("has metadata that may only be read", () => {
    const outcome = run([grpcStream()], hearing(name, call("proxy_replace_header_map_value", mapType, "x-m", "2")));
    outcome.guest.callouts[0]!.tell(news([["x-m", "1"]]));
    expect(outcome.again().statuses[1]).toBe(Status.BadArgument);
  });

  it("is not made for a call", () => {
    const outcome = run([grpcCall()], hearing(name, call("proxy_log", 2, "told")));
    outcome.guest.callouts[0]!.tell(news([["x-m", "1"]]));
    expect(outcome.logs).toEqual([]);
  });
}
