import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, run } from "./kit/guest.ts";

// The root's end by proxy_done is tested with Plugin.close in plugin-start.test.ts.
describe("proxy_done", () => {
  it.each(["proxy_on_configure", "proxy_on_tick", "proxy_on_request_headers", "proxy_on_log"])(
    "answers NotFound in %s, where no root waits for it",
    (callback) => {
      expect(run([call("proxy_done")], { in: callback }).status).toBe(Status.NotFound);
    },
  );

  it("is refused in a check", () => {
    expect(run([call("proxy_done")], { in: "policy_on_check" }).status).toBe(Status.InternalFailure);
  });

  it("ends a guest that calls it while its module starts", () => {
    expect(() => run([call("proxy_done")], { in: "_initialize" })).toThrow(/restricted_callback/);
  });
});
