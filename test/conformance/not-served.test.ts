import { describe, expect, it } from "vitest";
import { CAPABILITY_FAMILIES, HOSTCALLS, POLICY_HOSTCALLS, Status } from "@sluice/abi/spec";
import { call, OUT, run, type Argument } from "./kit/guest.ts";

const rows = [...HOSTCALLS, ...POLICY_HOSTCALLS];

/** Empty bytes, zeros and out pointers: nothing is looked at. */
function argumentsOf(row: (typeof rows)[number]): Argument[] {
  return row.params.flatMap<Argument>(({ type }) => {
    if (type === "outBytes") return [OUT, OUT];
    if (type.startsWith("out")) return [OUT];
    if (type === "bytes" || type === "pairs" || type === "path") return [""];
    return [type === "u64" || type === "i64" ? 0n : 0];
  });
}

describe("what is not served yet", () => {
  it.each(rows.filter(({ served }) => !served))("$name links, answers InternalFailure and is logged once", (row) => {
    const twice = [call(row.name, ...argumentsOf(row)), call(row.name, ...argumentsOf(row))];
    const { statuses, logs } = run(twice, { capabilities: CAPABILITY_FAMILIES, abi: versionOf(row.versions) });
    expect(statuses).toEqual([Status.InternalFailure, Status.InternalFailure]);
    expect(logs.map(({ message }) => message)).toEqual([`${row.name} is not served yet and answers InternalFailure`]);
  });
});

function versionOf(versions: readonly string[]): "0_1_0" | "0_2_1" {
  return versions.includes("0.2.1") ? "0_2_1" : "0_1_0";
}
