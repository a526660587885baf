import type { FastifyError } from "fastify";
import { describe, expect, it } from "vitest";
import { failureOf } from "./failure.ts";

describe("failureOf", () => {
  it.each([
    { name: "a file that cannot be written", error: Object.assign(new Error("ENOSPC: /state/x"), { code: "ENOSPC" }) },
    { name: "a database that cannot grow", error: Object.assign(new Error("database full"), { errcode: 13 }) },
  ])("tells of a full disk, without its words: $name", ({ error }) => {
    const { status, body } = failureOf(error as unknown as FastifyError);
    expect({ status, code: body.code }).toEqual({ status: 507, code: "SLUICE-E3026" });
    expect(body.message).not.toContain(error.message);
  });
});
