import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const resolve = (name: string) => call("policy_attribute", name, OUT);

describe("policy_attribute", () => {
  itRefusesMisuse("policy_attribute", ["request.url_path", OUT]);

  it("gives ids from 1 on, the same for the same name", () => {
    const names = ["request.url_path", "source.address", "request.url_path", "request.headers[x-role]"];
    const outcome = run(names.map(resolve), { in: "proxy_on_configure" });
    expect(names.map((_, i) => outcome.u32(i))).toEqual([1, 2, 1, 3]);
  });

  it.each([
    "request.nothing",
    "request",
    "",
    "request.headers[]",
    "request.url_path[x]",
    "source.address\0",
    "x".repeat(5000),
  ])("answers NotFound to %j and writes nothing", (name) => {
    const outcome = run([resolve(name)]);
    expect([outcome.status, outcome.u32(0)]).toEqual([Status.NotFound, null]);
  });

  it("resolves while the root context is created", () => {
    expect(run([resolve("request.path")], { in: "proxy_on_context_create" }).status).toBe(Status.Ok);
  });
});
