// Every served hostcall in every callback, and at the two moments that are none, of every version that has it. What it does
// where it is allowed stands in the hostcall's own file.
import { describe, expect, it } from "vitest";
import { ABI_VERSIONS } from "@sluice/abi/spec";
import { MATRIX } from "./generated/matrix.ts";
import { contextProblems } from "./kit/context-problems.ts";
import { hostUnderTest } from "./kit/host-under-test.ts";
import { hostcallRow } from "./kit/rows.ts";

describe.each(ABI_VERSIONS)("in %s", (version) => {
  const rows = MATRIX.filter(({ served, versions }) => served && versions.includes(version));
  it.each(rows)("$hostcall answers as its row says, and changes nothing elsewhere", ({ hostcall }) => {
    expect(contextProblems(hostUnderTest, hostcallRow(hostcall), version)).toEqual([]);
  });
});
