import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const set = (value: string, cas: number) => call("proxy_set_shared_data", "key", value, cas);
const get = call("proxy_get_shared_data", "key", OUT, OUT, OUT);

// Two instances over one store, and threads, are tested in abi/shared.
describe("proxy_set_shared_data", () => {
  itRefusesMisuse("proxy_set_shared_data", ["key", "value", 0], { capabilities: ["sharedData"] });

  it.each([
    { first: 0, second: 0, status: Status.Ok, value: "b", remark: "0 always stores" },
    { first: 0, second: 1, status: Status.Ok, value: "b", remark: "the number last read stores" },
    { first: 0, second: 9, status: Status.CasMismatch, value: "a", remark: "another number does not" },
    { first: 9, second: 0, status: Status.Ok, value: "b", remark: "a missing key takes any number" },
  ])("$remark", ({ first, second, status, value }) => {
    const outcome = run([set("a", first), set("b", second), get], { capabilities: ["sharedData"] });
    expect([outcome.statuses, outcome.text(0)]).toEqual([[Status.Ok, status, Status.Ok], value]);
  });
});
