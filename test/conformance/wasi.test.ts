import { describe, expect, it } from "vitest";
import { ENV_FUNCTIONS, Errno, WASI_FUNCTIONS, WASI_MODULES, type WasiRow } from "@sluice/abi/spec";
import { call, importText, OUT, run, startGuest, type Argument, type GuestOptions } from "./kit/guest.ts";
import { ROOT_CONTEXT } from "./kit/host.ts";

const PAGE_END = 65_534;
const TEXT_AT = 8192;
const IOVS_AT = 8000;

const ask = (name: string, args: readonly Argument[], options: GuestOptions = {}) =>
  run([call(name, ...args)], options);

/** `iovs` for pieces of text, and the text itself. */
function vectors(...pieces: string[]): NonNullable<GuestOptions["data"]> {
  const iovs = Buffer.alloc(pieces.length * 8);
  let at = TEXT_AT;
  pieces.forEach((piece, i) => {
    iovs.writeUInt32LE(at, i * 8);
    iovs.writeUInt32LE(piece.length, i * 8 + 4);
    at += piece.length;
  });
  return [
    [IOVS_AT, iovs],
    [TEXT_AT, pieces.join("")],
  ];
}

describe.each(WASI_MODULES)("%s", (wasiModule) => {
  it.each(WASI_FUNCTIONS.filter(({ fixed }) => fixed !== null))(
    "$name links and answers $fixed",
    ({ name, params, fixed }) => {
      const args = params.map(({ type }) => (type === "i64" ? 0n : 0));
      expect(ask(name, args, { wasiModule }).status).toBe(fixed);
    },
  );
});

describe("fd_write", () => {
  it.each([
    { fd: 1, level: 2 },
    { fd: 2, level: 4 },
  ])("logs descriptor $fd at level $level", ({ fd, level }) => {
    const outcome = ask("fd_write", [fd, IOVS_AT, 2, OUT], { data: vectors("hello ", "world\n") });
    expect([outcome.status, outcome.u32(0)]).toEqual([Errno.Success, 12]);
    expect(outcome.logs.map((entry) => [entry.level, entry.message])).toEqual([[level, "hello world"]]);
  });

  it("logs one line for what is written piece by piece, at a newline or when the callback ends", () => {
    const pieces = ["panic: ", "on purpose\n", "line", " two"];
    const calls = pieces.map((_, i) => call("fd_write", 2, IOVS_AT + 8 * i, 1, OUT));
    const { logs } = run(calls, { data: vectors(...pieces) });
    expect(logs.map(({ message }) => message)).toEqual(["panic: on purpose", "line two"]);
  });

  it("ends a line where the other descriptor is written to", () => {
    const calls = [1, 2, 1].map((fd, i) => call("fd_write", fd, IOVS_AT + 8 * i, 1, OUT));
    const { logs } = run(calls, { data: vectors("out", "err", "out\n") });
    expect(logs.map(({ level, message }) => `${level} ${message}`)).toEqual(["2 out", "4 err", "2 out"]);
  });

  it("shows the beginning of a line that is too long, and how long it was at least", () => {
    const { logs } = ask("fd_write", [1, IOVS_AT, 2, OUT], { data: vectors("a".repeat(4096), "b\n") });
    expect(logs.map(({ message }) => message)).toEqual([`${"a".repeat(4096)}… (4097 bytes)`]);
  });

  it.each([
    { pieces: [""], written: 0 },
    { pieces: ["\n"], written: 1 },
  ])("logs nothing for $pieces", ({ pieces, written }) => {
    const outcome = ask("fd_write", [1, IOVS_AT, 1, OUT], { data: vectors(...pieces) });
    expect([outcome.u32(0), outcome.logs]).toEqual([written, []]);
  });

  it.each([
    { args: [0, IOVS_AT, 1, OUT], errno: Errno.Badf, remark: "descriptor 0" },
    { args: [3, IOVS_AT, 1, OUT], errno: Errno.Badf, remark: "descriptor 3" },
    { args: [1, PAGE_END, 1, OUT], errno: Errno.Fault, remark: "vectors past the end of memory" },
    { args: [1, IOVS_AT, 1, PAGE_END], errno: Errno.Fault, remark: "an out pointer past the end of memory" },
    { args: [1, IOVS_AT, -1, OUT], errno: Errno.Inval, remark: "2³²-1 vectors" },
  ] as const)("answers $errno to $remark", ({ args, errno }) => {
    expect(ask("fd_write", args, { data: vectors("x") }).status).toBe(errno);
  });

  it("answers FAULT to a vector that points out of memory", () => {
    const iovs = Buffer.alloc(8);
    iovs.writeUInt32LE(65_530, 0);
    iovs.writeUInt32LE(10, 4);
    expect(ask("fd_write", [1, IOVS_AT, 1, OUT], { data: [[IOVS_AT, iovs]] }).status).toBe(Errno.Fault);
  });

  it("is fd_pwrite without its offset", () => {
    const outcome = ask("fd_pwrite", [1, IOVS_AT, 1, 99n, OUT], { data: vectors("x") });
    expect([outcome.status, outcome.logs[0]!.message]).toEqual([Errno.Success, "x"]);
  });

  it("answers NOTCAPABLE without the capability log", () => {
    expect(ask("fd_write", [1, IOVS_AT, 1, OUT], { data: vectors("x"), capabilities: [] }).status).toBe(
      Errno.Notcapable,
    );
  });
});

describe("descriptors", () => {
  it.each([
    { name: "fd_sync", args: [] },
    { name: "fd_datasync", args: [] },
    { name: "fd_allocate", args: [0n, 0n] },
    { name: "fd_fdstat_set_rights", args: [0n, 0n] },
    { name: "fd_filestat_set_size", args: [0n] },
    { name: "fd_filestat_set_times", args: [0n, 0n, 0] },
  ])("$name succeeds for 1 and 2 and answers BADF for 0 and 3", ({ name, args }) => {
    expect([1, 2, 0, 3].map((fd) => ask(name, [fd, ...args]).status)).toEqual([0, 0, Errno.Badf, Errno.Badf]);
  });

  it("fd_fdstat_get gives 24 bytes with no right but to write", () => {
    const outcome = ask("fd_fdstat_get", [1, 512]);
    const stat = Buffer.from(outcome.memory.subarray(512, 536));
    expect([outcome.status, stat.readBigUInt64LE(8), stat.filter((byte) => byte !== 0).length]).toEqual([0, 64n, 1]);
    expect([ask("fd_fdstat_get", [0, 512]).status, ask("fd_fdstat_get", [1, PAGE_END]).status]).toEqual([
      Errno.Badf,
      Errno.Fault,
    ]);
  });

  it("fd_tell says 0 for 1 and 2", () => {
    const outcome = ask("fd_tell", [1, OUT]);
    expect([outcome.status, outcome.u64(0)]).toEqual([0, 0n]);
    expect([ask("fd_tell", [3, OUT]).status, ask("fd_tell", [1, PAGE_END]).status]).toEqual([Errno.Badf, Errno.Fault]);
  });

  it("fd_readdir writes 0 and answers NOTDIR", () => {
    const outcome = ask("fd_readdir", [3, 0, 0, 0n, OUT]);
    expect([outcome.status, outcome.u32(0)]).toEqual([Errno.Notdir, 0]);
  });
});

describe("clocks", () => {
  it("give real and monotonic time in nanoseconds", () => {
    const outcome = run([call("clock_time_get", 0, 1n, OUT), call("clock_time_get", 1, 1n, OUT)], {
      settings: { nowMs: 1000 },
    });
    expect([outcome.u64(0), outcome.u64(1)]).toEqual([1_000_000_000n, 1_000_000_000n]);
  });

  it("have a resolution of 1 ns", () => {
    expect(ask("clock_res_get", [1, OUT]).u64(0)).toBe(1n);
  });

  it.each(["clock_time_get", "clock_res_get"])("%s answers NOTSUP to clock 2 and FAULT to a bad pointer", (name) => {
    const args = (clock: number, out: Argument): Argument[] =>
      name === "clock_res_get" ? [clock, out] : [clock, 0n, out];
    expect([ask(name, args(2, OUT)).status, ask(name, args(0, PAGE_END)).status]).toEqual([Errno.Notsup, Errno.Fault]);
  });

  it("answer NOTCAPABLE without the capability clock", () => {
    expect(ask("clock_time_get", [0, 0n, OUT], { capabilities: ["log"] }).status).toBe(Errno.Notcapable);
  });
});

describe("process", () => {
  it("has no arguments", () => {
    const outcome = ask("args_sizes_get", [OUT, OUT]);
    expect([outcome.status, outcome.u32(0), outcome.u32(1), ask("args_get", [0, 0]).status]).toEqual([0, 0, 0, 0]);
  });

  it("shows the configured environment and nothing of the host's", () => {
    const settings = { environment: { KEY1: "VALUE1", B: "" } };
    const sizes = ask("environ_sizes_get", [OUT, OUT], { settings });
    expect([sizes.u32(0), sizes.u32(1)]).toEqual([2, "KEY1=VALUE1\0B=\0".length]);
    const { memory, status } = ask("environ_get", [512, 600], { settings });
    expect([status, Buffer.from(memory.subarray(600, 615)).toString()]).toEqual([0, "KEY1=VALUE1\0B=\0"]);
    expect([...new Uint32Array(memory.slice(512, 520).buffer)]).toEqual([600, 612]);
    expect(ask("environ_sizes_get", [OUT, OUT]).u32(0)).toBe(0);
  });

  it.each([
    { args: [512, 32], errno: Errno.Success },
    { args: [0, 0], errno: Errno.Success },
    { args: [PAGE_END + 99, 0], errno: Errno.Success },
    { args: [0, 65_536], errno: Errno.Success },
    { args: [0, 65_537], errno: Errno.Inval },
    { args: [0, 66_560], errno: Errno.Inval },
    { args: [PAGE_END, 32], errno: Errno.Fault },
  ])("random_get($args) answers $errno", ({ args, errno }) => {
    expect(ask("random_get", args).status).toBe(errno);
  });

  it("random_get fills the bytes from the host's source, the same for the same seed", () => {
    const random = (seed: number) => ask("random_get", [512, 8], { settings: { seed } }).memory.slice(512, 520);
    expect(random(7)).toEqual(random(7));
    expect(random(7)).not.toEqual(random(8));
  });

  it("poll_oneoff succeeds at once with no event", () => {
    const outcome = ask("poll_oneoff", [0, 0, 1, OUT]);
    expect([outcome.status, outcome.u32(0)]).toEqual([Errno.Success, 0]);
  });

  it("proc_exit ends the instance", () => {
    expect(() => ask("proc_exit", [3])).toThrow(/proc_exit\(3\)/);
  });
});

describe("what compilers import from env", () => {
  it("abort ends the guest with message and place", () => {
    const managed = (text: string): Buffer => {
      const utf16 = Buffer.from(text, "utf16le");
      const size = Buffer.alloc(4);
      size.writeUInt32LE(utf16.length);
      return Buffer.concat([size, utf16]);
    };
    const data = [
      [512, managed("too\nbad")],
      [600, managed("index.ts")],
    ] as const;
    expect(() => ask("abort", [516, 604, 7, 9], { data })).toThrow(/abort: too\\nbad \(index\.ts:7:9\)/);
    expect(() => ask("abort", [0, -1, 0, 0])).toThrow(/abort:/);
  });

  it("pthread_equal compares", () => {
    expect([ask("pthread_equal", [3, 3]).status, ask("pthread_equal", [3, 4]).status]).toEqual([1, 0]);
  });

  it("emscripten_notify_memory_growth is ignored", () => {
    expect(ask("emscripten_notify_memory_growth", [0]).logs).toEqual([]);
  });

  it("seed is 0 without the capability clock", () => {
    expect(ask("seed", [], { capabilities: [] }).status).toBe(0);
  });
});

describe("the moments a guest has no context at", () => {
  const rows = [...WASI_FUNCTIONS, ...ENV_FUNCTIONS].map((row) => row);

  /** A guest whose start function or allocator calls it with zeros; the allocator is asked for the plugin's name. */
  const enter = ({ name, params, result }: WasiRow, moment: "start" | "allocator"): void => {
    const zeros = params.map(({ type }) => `(${typeOf(type)}.const 0)`).join(" ");
    const made = result === null ? `(call $${name} ${zeros})` : `(drop (call $${name} ${zeros}))`;
    const guest = startGuest(`${importText(name)} ${importText("proxy_get_property")}
      (data (i32.const 64) "plugin_name")
      (func (export "_initialize") ${moment === "start" ? made : ""})
      (func (export "proxy_on_memory_allocate") (param i32) (result i32)
        ${moment === "allocator" ? made : ""} (i32.const 1024))
      (func (export "proxy_on_tick") (param i32) (drop (call $proxy_get_property
        (i32.const 64) (i32.const 11) (i32.const 0) (i32.const 4))))`);
    guest.call("proxy_on_tick", ROOT_CONTEXT);
  };
  const typeOf = (type: string): string => (type === "i64" || type === "f64" ? type : "i32");

  const ENDS_THE_GUEST: readonly string[] = ["proc_exit", "abort"];
  /** What emscripten's allocator needs, which has no effect, as hostcalls of a context have. */
  const HARMLESS: readonly string[] = ["emscripten_notify_memory_growth", "pthread_equal"];

  it.each(rows.filter(({ name }) => !ENDS_THE_GUEST.includes(name)))(
    "$name may be called while the module starts",
    (row) => {
      expect(() => enter(row, "start")).not.toThrow();
    },
  );

  it.each(rows.filter(({ allocator, name }) => allocator || HARMLESS.includes(name)))(
    "$name may be called by the allocator",
    (row) => {
      expect(() => enter(row, "allocator")).not.toThrow();
    },
  );

  it.each(rows.filter(({ allocator, name }) => !allocator && ![...HARMLESS, ...ENDS_THE_GUEST].includes(name)))(
    "$name ends a guest whose allocator calls it",
    (row) => {
      expect(() => enter(row, "allocator")).toThrow(/restricted_callback/);
    },
  );
});
