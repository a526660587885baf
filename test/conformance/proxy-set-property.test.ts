import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const set = (path: string, value: string) => call("proxy_set_property", path, value);

describe("proxy_set_property", () => {
  itRefusesMisuse("proxy_set_property", ["tier", "gold"]);

  it("keeps a value that can be read back", () => {
    const outcome = run([set("tier", "gold"), call("proxy_get_property", "tier", OUT, OUT)]);
    expect([outcome.statuses, outcome.text(0)]).toEqual([[Status.Ok, Status.Ok], "gold"]);
  });

  it.each(["request\0path", "plugin_name", "response", "xds\0node", "metadata\0a"])(
    "answers BadArgument to %j, which the host answers itself",
    (path) => {
      const outcome = run([set(path, "x")]);
      expect([outcome.status, outcome.stream.properties.size]).toEqual([Status.BadArgument, 0]);
    },
  );

  it("answers BadArgument to an empty path", () => {
    expect(run([set("", "x")]).status).toBe(Status.BadArgument);
  });

  it("answers NotFound where there is no stream", () => {
    expect(run([set("tier", "gold")], { in: "proxy_on_tick" }).status).toBe(Status.NotFound);
  });

  it("stops at what one callback may make the host keep", () => {
    const calls = Array.from({ length: 150 }, () => call("proxy_set_property", "tier", 0, 32_768));
    const { statuses } = run(calls);
    expect([statuses[0], statuses.at(-1)]).toEqual([Status.Ok, Status.InternalFailure]);
  });
});
