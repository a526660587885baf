import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const queue = { capabilities: ["queue"] } as const;
const register = call("proxy_register_shared_queue", "name", OUT);
const resolve = (vmId: string, name: string) => call("proxy_resolve_shared_queue", vmId, name, OUT);

describe("proxy_resolve_shared_queue", () => {
  itRefusesMisuse("proxy_resolve_shared_queue", ["vm", "name", OUT], { ...queue, before: [register] });

  it.each([
    { vmId: "vm", name: "name", status: Status.Ok, remark: "finds a queue of its own vm id" },
    { vmId: "", name: "name", status: Status.Ok, remark: "takes an empty vm id for its own" },
    { vmId: "other", name: "name", status: Status.NotFound, remark: "finds none of a vm id that has none" },
    { vmId: "vm", name: "nam", status: Status.NotFound, remark: "compares the whole name" },
    { vmId: "vm", name: "", status: Status.NotFound, remark: "takes an empty name for a name" },
    {
      vmId: "v".repeat(600),
      name: "name",
      status: Status.NotFound,
      remark: "finds none of a name that no queue can have",
    },
  ])("$remark", ({ vmId, name, status }) => {
    const outcome = run([register, resolve(vmId, name)], queue);
    expect([outcome.statuses[1], outcome.u32(1)]).toEqual([status, status === Status.Ok ? outcome.u32(0) : null]);
  });
});
