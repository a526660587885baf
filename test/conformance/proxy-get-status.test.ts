import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

describe("proxy_get_status", () => {
  itRefusesMisuse("proxy_get_status", [OUT, OUT, OUT]);

  it("says that nothing has failed, with an empty message", () => {
    const outcome = run([call("proxy_get_status", OUT, OUT, OUT)]);
    expect([outcome.status, outcome.u32(0), outcome.u32(1), outcome.u32(2)]).toEqual([Status.Ok, 0, 0, 0]);
  });
});
