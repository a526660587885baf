// The suite itself: it takes another host than ours, and it notices a host that is wrong.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { askEverywhere, contextProblems } from "./kit/context-problems.ts";
import { pointerProblems } from "./kit/pointer-problems.ts";
import { hostcallRow } from "./kit/rows.ts";
import { BYTES_AT, OUTS_AT, type Values } from "./kit/table-guest.ts";
import { TinyHost, type TinyHostcall } from "./kit/tiny-host.ts";

const PAGE = 65_536;
const BYTES = Buffer.from("x-a");

/** Calls that tell a host that looks from one that does not. */
const CALLS: Readonly<Record<string, readonly Values[]>> = {
  proxy_log: [
    [2, BYTES_AT, 3],
    [2, PAGE, 1],
    [6, BYTES_AT, 3],
  ],
  proxy_get_current_time_nanoseconds: [[OUTS_AT], [PAGE - 7]],
  proxy_remove_header_map_value: [
    [0, BYTES_AT, 3],
    [9, BYTES_AT, 3],
    [0, PAGE - 1, 2],
  ],
};

function problemsOf(host: TinyHost, hostcall: string): string[] {
  const row = hostcallRow(hostcall);
  return [
    ...contextProblems(row, askEverywhere(host, row, "0.2.1")),
    ...pointerProblems(host, row, CALLS[hostcall]!, BYTES),
  ];
}

describe("a host that keeps to the specification", () => {
  it.each(Object.keys(CALLS))("has no problem with %s", (hostcall) => {
    expect(problemsOf(new TinyHost(), hostcall)).toEqual([]);
  });
});

interface Lie {
  readonly remark: string;
  readonly hostcall: string;
  readonly lie: TinyHostcall;
  readonly problem: RegExp;
}

const LIES: readonly Lie[] = [
  {
    remark: "answers a status that its row does not have",
    hostcall: "proxy_log",
    lie: () => Status.CasMismatch,
    problem: /answers 8 in proxy_on_tick, which its row does not name/,
  },
  {
    remark: "does not look where it is pointed to",
    hostcall: "proxy_log",
    lie: () => Status.Ok,
    problem: /\(2, 65536, 1\) = 0 though a range is not memory/,
  },
  {
    remark: "says that memory is none",
    hostcall: "proxy_log",
    lie: () => Status.InvalidMemoryAccess,
    problem: /= 6 though every range is memory/,
  },
  {
    remark: "writes one byte too many",
    hostcall: "proxy_get_current_time_nanoseconds",
    lie(guest, at) {
      if (!guest.has(at!, 9)) return Status.InvalidMemoryAccess;
      guest.view.setBigUint64(at!, 1n, true);
      guest.view.setUint8(at! + 8, 1);
      return Status.Ok;
    },
    problem: /wrote at 16392, which is none of its own/,
  },
  {
    remark: "writes when it refuses",
    hostcall: "proxy_get_current_time_nanoseconds",
    lie(guest) {
      guest.view.setUint8(5000, 1);
      return Status.InternalFailure;
    },
    problem: /wrote at 5000/,
  },
  {
    remark: "steers a stream that is over",
    hostcall: "proxy_remove_header_map_value",
    lie(guest) {
      guest.exchange?.steps.push("close 0");
      return Status.Ok;
    },
    problem: /changes the exchange in proxy_on_log, where its row does not allow it/,
  },
  {
    remark: "changes a message and refuses",
    hostcall: "proxy_remove_header_map_value",
    lie(guest, mapType) {
      if (guest.exchange !== null) guest.exchange.maps[mapType!] = [];
      return Status.BadArgument;
    },
    problem: /= 2 changes the exchange/,
  },
];

describe("a host that", () => {
  it.each(LIES)("$remark is found out", ({ hostcall, lie, problem }) => {
    expect(problemsOf(new TinyHost({ [hostcall]: lie }), hostcall).join("\n")).toMatch(problem);
  });

  it("answers wrongly fails the file of the hostcall", () => {
    const vitest = join(import.meta.dirname, "../../node_modules/vitest/vitest.mjs");
    const { status, stdout } = spawnSync(
      process.execPath,
      [
        vitest,
        "run",
        "--project",
        "conformance",
        "--reporter",
        "verbose",
        "test/conformance/proxy-get-log-level.test.ts",
      ],
      {
        cwd: join(import.meta.dirname, "../.."),
        env: { ...process.env, NO_COLOR: "1", CONFORMANCE_HOST: join(import.meta.dirname, "kit/lying-host.ts") },
        encoding: "utf8",
      },
    );
    expect(stdout).toMatch(/×.*proxy_get_log_level > answers Ok to the call that the misuses are made from/);
    expect(status).toBe(1);
  });
});
