// Every hostcall in every callback, and at the two moments that are none, of every version that has it. What it does
// where it is allowed stands in the hostcall's own file; what it answers with good arguments in statuses.txt, which
// `npx vitest run --project conformance -u test/conformance/context-matrix.test.ts` writes anew.
import { describe, expect, it } from "vitest";
import { ABI_VERSIONS, Status } from "@sluice/abi/spec";
import { MATRIX } from "./generated/matrix.ts";
import { askEverywhere, contextProblems, type Asked } from "./kit/context-problems.ts";
import { hostUnderTest } from "./kit/host-under-test.ts";
import { hostcallRow } from "./kit/rows.ts";
import { isolatingHost, sluiceHost } from "./kit/sluice-host.ts";

describe("in a guest that was put back from an image", () => {
  it.each(MATRIX)("$hostcall answers as its row says, and changes nothing elsewhere", ({ hostcall, versions }) => {
    const row = hostcallRow(hostcall);
    expect(contextProblems(row, askEverywhere(isolatingHost, row, versions.at(-1)!))).toEqual([]);
  });
});

/** By hostcall and what it answered, the versions in which it did. */
const answers = new Map<string, Map<string, string[]>>();

describe.each(ABI_VERSIONS)("in %s", (version) => {
  const rows = MATRIX.filter(({ versions }) => versions.includes(version));
  it.each(rows)("$hostcall answers as its row says, and changes nothing elsewhere", ({ hostcall }) => {
    const row = hostcallRow(hostcall);
    const asked = askEverywhere(hostUnderTest, row, version);
    note(hostcall, version, statusLines(asked));
    expect(contextProblems(row, asked)).toEqual([]);
  });
});

function note(hostcall: string, version: string, lines: string): void {
  const versionsOf = answers.get(hostcall) ?? new Map<string, string[]>();
  versionsOf.set(lines, [...(versionsOf.get(lines) ?? []), version]);
  answers.set(hostcall, versionsOf);
}

/** One line for each answer: where it is given. The commonest stands last, for all other places. */
function statusLines(asked: readonly Asked[]): string {
  const byAnswer = [...Map.groupBy(asked, ({ status }) => nameOf(status))];
  byAnswer.sort(([, a], [, b]) => a.length - b.length);
  const [commonest] = byAnswer.pop()!;
  const lines = byAnswer.map(([answer, places]) => `${answer}: ${places.map(({ where }) => where).join(", ")}`);
  return [...lines, `${commonest}: everywhere else`].map((line) => `  ${line}`).join("\n");
}

function nameOf(status: number | null): string {
  if (status === null) return "ends the guest";
  return Object.entries(Status).find(([, value]) => value === status)?.[0] ?? String(status);
}

function table(): string {
  const entries = [...answers].flatMap(([hostcall, versionsOf]) =>
    [...versionsOf].map(([lines, versions]) => `${hostcall} (${versions.join(", ")})\n${lines}\n`),
  );
  return entries.join("\n");
}

// A table of our host's answers; another host has its own.
if (hostUnderTest === sluiceHost) {
  it("the whole table of answers is the one that was reviewed", async () => {
    await expect(table()).toMatchFileSnapshot("generated/statuses.txt");
  });
}
