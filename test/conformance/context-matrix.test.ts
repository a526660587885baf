// Every hostcall in every callback, and at the two moments that are none, of every version that has it. What it does
// where it is allowed stands in the hostcall's own file; what it answers with good arguments in statuses.txt, which
// `npx vitest run --project conformance -u test/conformance/context-matrix.test.ts` writes anew.
import { describe, expect, it } from "vitest";
import { ABI_VERSIONS, Status } from "@sluice/abi/spec";
import { MATRIX } from "./generated/matrix.ts";
import { askEverywhere, contextProblems, type Asked } from "./kit/context-problems.ts";
import { hostUnderTest } from "./kit/host-under-test.ts";
import { hostcallRow } from "./kit/rows.ts";
import { sluiceHost } from "./kit/sluice-host.ts";

const lines: string[] = [];

describe.each(ABI_VERSIONS)("in %s", (version) => {
  const rows = MATRIX.filter(({ versions }) => versions.includes(version));
  it.each(rows)("$hostcall answers as its row says, and changes nothing elsewhere", ({ hostcall }) => {
    const row = hostcallRow(hostcall);
    const asked = askEverywhere(hostUnderTest, row, version);
    lines.push(`${version} ${hostcall}`, ...statusLines(asked));
    expect(contextProblems(row, asked)).toEqual([]);
  });
});

/** One line for each answer: which callbacks get it. */
function statusLines(asked: readonly Asked[]): string[] {
  const byAnswer = Map.groupBy(asked, ({ status }) => nameOf(status));
  return [...byAnswer].map(([answer, places]) => `  ${answer}: ${places.map(({ where }) => where).join(" ")}`);
}

function nameOf(status: number | null): string {
  if (status === null) return "ends the guest";
  return Object.entries(Status).find(([, value]) => value === status)?.[0] ?? String(status);
}

// A table of our host's answers; another host has its own.
describe.runIf(hostUnderTest === sluiceHost)("The whole table", () => {
  it("is the one that was reviewed", async () => {
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("generated/statuses.txt");
  });
});
