import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const queue = { capabilities: ["queue"] } as const;
const register = (name: string) => call("proxy_register_shared_queue", name, OUT);

// Over threads, and who is told when several register, is tested in abi/shared.
describe("proxy_register_shared_queue", () => {
  itRefusesMisuse("proxy_register_shared_queue", ["name", OUT], queue);

  it("numbers queues from 1 on, and gives one name one number", () => {
    const outcome = run(["a", "b", "a", ""].map(register), queue);
    expect([0, 1, 2, 3].map((out) => outcome.u32(out))).toEqual([1, 2, 1, 3]);
  });

  it("may be called in every callback, also while the plugin starts", () => {
    for (const callback of ["proxy_on_vm_start", "proxy_on_configure", "proxy_on_tick", "proxy_on_log"]) {
      expect(run([register("a")], { ...queue, in: callback }).statuses).toEqual([Status.Ok]);
    }
  });

  it("refuses a name that is too long, and one queue more than a vm id may have", () => {
    expect(run([register("n".repeat(600))], queue).status).toBe(Status.InternalFailure);
    const many = Array.from({ length: 33 }, (_, i) => register(`${i}`));
    const { statuses } = run(many, queue);
    expect([statuses.slice(0, 32).every((status) => status === Status.Ok), statuses[32]]).toEqual([
      true,
      Status.InternalFailure,
    ]);
  });
});
