// WASI preview 1 as filters get it, under both of its module names, and the helpers that compilers import from `env`.
// Every name links, for a missing one refuses the module; what a filter must not do has a fixed answer.
import { Errno } from "./enums.ts";
import type { Param, WasiRow } from "./row.ts";

/** Old TinyGo, Rust and emscripten import from the second; the layouts used here are the same. */
export const WASI_MODULES = ["wasi_snapshot_preview1", "wasi_unstable"] as const;

const i32s = (...names: string[]): Param[] => names.map((name) => ({ name, type: "i32" }));
const i64s = (...names: string[]): Param[] => names.map((name) => ({ name, type: "i64" }));

function fixed(name: string, params: readonly Param[], errno: number, prose: string): WasiRow {
  return { name, params, result: "errno", fixed: errno, family: "always", effect: "tracked", allocator: false, prose };
}

function behaves(
  name: string,
  params: readonly Param[],
  rest: Pick<WasiRow, "prose"> & Partial<Pick<WasiRow, "family" | "effect" | "allocator" | "result">>,
): WasiRow {
  return { name, params, result: "errno", fixed: null, family: "always", effect: "tracked", allocator: false, ...rest };
}

const ONLY_STDIO = "Success for descriptors 1 and 2, else BADF.";
const NO_FILES = "There are no files.";
const NO_SOCKETS = "There are no sockets.";

export const WASI_FUNCTIONS: readonly WasiRow[] = [
  behaves("args_get", i32s("argv", "argvBuf"), { prose: "Success; there are no arguments." }),
  behaves("args_sizes_get", i32s("argcOut", "argvBufSizeOut"), { prose: "Writes 0 and 0." }),
  behaves("environ_get", i32s("environ", "environBuf"), {
    prose: "The configured environment only, never the host's.",
  }),
  behaves("environ_sizes_get", i32s("countOut", "bufSizeOut"), {
    prose: "Size of the configured environment: KEY=VALUE and a NUL each.",
  }),
  behaves("clock_res_get", i32s("clockId", "resolutionOut"), {
    family: "clock",
    effect: "impure",
    prose: "1 ns for clocks 0 and 1, else NOTSUP.",
  }),
  behaves("clock_time_get", [...i32s("clockId"), ...i64s("precision"), ...i32s("timeOut")], {
    family: "clock",
    effect: "impure",
    allocator: true,
    prose: "Clock 0 real time, 1 monotonic, in ns; else NOTSUP.",
  }),
  fixed("fd_advise", [...i32s("fd"), ...i64s("offset", "length"), ...i32s("advice")], Errno.Success, "Ignored."),
  behaves("fd_allocate", [...i32s("fd"), ...i64s("offset", "length")], { prose: ONLY_STDIO }),
  fixed("fd_close", i32s("fd"), Errno.Success, "Ignored."),
  behaves("fd_datasync", i32s("fd"), { prose: ONLY_STDIO }),
  behaves("fd_fdstat_get", i32s("fd", "statOut"), {
    prose: "For descriptors 1 and 2: 24 bytes, no rights but to write; else BADF.",
  }),
  fixed("fd_fdstat_set_flags", i32s("fd", "flags"), Errno.Nosys, "Not supported."),
  behaves("fd_fdstat_set_rights", [...i32s("fd"), ...i64s("rightsBase", "rightsInheriting")], { prose: ONLY_STDIO }),
  fixed("fd_filestat_get", i32s("fd", "statOut"), Errno.Badf, NO_FILES),
  behaves("fd_filestat_set_size", [...i32s("fd"), ...i64s("size")], { prose: ONLY_STDIO }),
  behaves("fd_filestat_set_times", [...i32s("fd"), ...i64s("accessed", "modified"), ...i32s("flags")], {
    prose: ONLY_STDIO,
  }),
  fixed(
    "fd_pread",
    [...i32s("fd", "iovs", "iovsLength"), ...i64s("offset"), ...i32s("readOut")],
    Errno.Nosys,
    NO_FILES,
  ),
  fixed(
    "fd_prestat_get",
    i32s("fd", "prestatOut"),
    Errno.Badf,
    "Any other answer makes libc loop over preopened folders.",
  ),
  fixed("fd_prestat_dir_name", i32s("fd", "path", "pathSize"), Errno.Nosys, NO_FILES),
  behaves("fd_pwrite", [...i32s("fd", "iovs", "iovsLength"), ...i64s("offset"), ...i32s("writtenOut")], {
    family: "log",
    effect: "replayable",
    prose: "As fd_write; the offset is ignored.",
  }),
  fixed("fd_read", i32s("fd", "iovs", "iovsLength", "readOut"), Errno.Nosys, NO_FILES),
  behaves("fd_readdir", [...i32s("fd", "buf", "bufSize"), ...i64s("cookie"), ...i32s("usedOut")], {
    prose: "Writes 0 and answers NOTDIR.",
  }),
  fixed("fd_renumber", i32s("from", "to"), Errno.Badf, NO_FILES),
  fixed("fd_seek", [...i32s("fd"), ...i64s("offset"), ...i32s("whence", "offsetOut")], Errno.Success, "Ignored."),
  behaves("fd_sync", i32s("fd"), { prose: ONLY_STDIO }),
  behaves("fd_tell", i32s("fd", "offsetOut"), { prose: "Writes 0 for descriptors 1 and 2, else BADF." }),
  behaves("fd_write", i32s("fd", "iovs", "iovsLength", "writtenOut"), {
    family: "log",
    effect: "replayable",
    allocator: true,
    prose: "Descriptor 1 logs at info, 2 at error, else BADF. One closing newline is dropped.",
  }),
  fixed("path_create_directory", i32s("fd", "path", "pathSize"), Errno.Notsup, NO_FILES),
  fixed("path_filestat_get", i32s("fd", "flags", "path", "pathSize", "statOut"), Errno.Notsup, NO_FILES),
  fixed(
    "path_filestat_set_times",
    [...i32s("fd", "flags", "path", "pathSize"), ...i64s("accessed", "modified"), ...i32s("timeFlags")],
    Errno.Notsup,
    NO_FILES,
  ),
  fixed(
    "path_link",
    i32s("oldFd", "oldFlags", "oldPath", "oldPathSize", "newFd", "newPath", "newPathSize"),
    Errno.Notsup,
    NO_FILES,
  ),
  fixed(
    "path_open",
    [
      ...i32s("fd", "dirFlags", "path", "pathSize", "openFlags"),
      ...i64s("rightsBase", "rightsInheriting"),
      ...i32s("fdFlags", "fdOut"),
    ],
    Errno.Noent,
    NO_FILES,
  ),
  fixed("path_readlink", i32s("fd", "path", "pathSize", "buf", "bufSize", "usedOut"), Errno.Notsup, NO_FILES),
  fixed("path_remove_directory", i32s("fd", "path", "pathSize"), Errno.Notsup, NO_FILES),
  fixed(
    "path_rename",
    i32s("oldFd", "oldPath", "oldPathSize", "newFd", "newPath", "newPathSize"),
    Errno.Notsup,
    NO_FILES,
  ),
  fixed("path_symlink", i32s("oldPath", "oldPathSize", "fd", "newPath", "newPathSize"), Errno.Notsup, NO_FILES),
  fixed("path_unlink_file", i32s("fd", "path", "pathSize"), Errno.Notsup, NO_FILES),
  behaves("poll_oneoff", i32s("subscriptions", "events", "count", "eventsOut"), {
    effect: "impure",
    allocator: true,
    prose: "Writes 0 and succeeds without sleeping; std Go throws on anything else.",
  }),
  behaves("proc_exit", i32s("code"), { result: null, effect: "forbidden", prose: "Ends the instance as a trap does." }),
  fixed("proc_raise", i32s("signal"), Errno.Notsup, "There are no signals."),
  behaves("random_get", i32s("buf", "bufSize"), {
    family: "clock",
    effect: "impure",
    prose: "Random bytes, at most 65,536 a call (else INVAL).",
  }),
  fixed("sched_yield", [], Errno.Success, "Nothing to yield to."),
  fixed("sock_accept", i32s("fd", "flags", "fdOut"), Errno.Notsup, NO_SOCKETS),
  fixed("sock_recv", i32s("fd", "iovs", "iovsLength", "flags", "readOut", "flagsOut"), Errno.Notsup, NO_SOCKETS),
  fixed("sock_send", i32s("fd", "iovs", "iovsLength", "flags", "writtenOut"), Errno.Notsup, NO_SOCKETS),
  fixed("sock_shutdown", i32s("fd", "how"), Errno.Notsup, NO_SOCKETS),
];

/** What compilers' run-time libraries import from `env` beside the hostcalls. */
export const ENV_FUNCTIONS: readonly WasiRow[] = [
  behaves("abort", i32s("message", "file", "line", "column"), {
    result: null,
    prose: "AssemblyScript's failed assertion: logged (UTF-16, length before the pointer), then a trap.",
  }),
  behaves("seed", [], {
    result: "f64",
    family: "clock",
    effect: "impure",
    prose: "AssemblyScript's seed of Math.random.",
  }),
  behaves(
    "trace",
    [...i32s("message", "count"), ...["a0", "a1", "a2", "a3", "a4"].map((name) => ({ name, type: "f64" }) as const)],
    {
      result: null,
      family: "log",
      effect: "replayable",
      prose: "AssemblyScript's trace: logged at debug.",
    },
  ),
  behaves("emscripten_notify_memory_growth", i32s("memory"), { result: null, prose: "Ignored." }),
  behaves("pthread_equal", i32s("a", "b"), { result: "i32", prose: "1 when both are the same." }),
];
