import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

describe("proxy_clear_route_cache", () => {
  itRefusesMisuse("proxy_clear_route_cache", [], { abi: "0_1_0" });

  it.each(["proxy_on_request_headers", "proxy_on_request_body", "proxy_on_tick"])(
    "answers Ok in %s and leaves the stream as it is: a route is chosen anew when what it depends on was changed",
    (callback) => {
      const { status, stream } = run([call("proxy_clear_route_cache")], { abi: "0_1_0", in: callback });
      expect([status, stream.steps]).toEqual([Status.Ok, []]);
    },
  );
});
