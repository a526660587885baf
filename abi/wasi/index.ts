// The functions behind the rows of abi/spec/wasi.ts that have behaviour; rows with a fixed errno need none.

import type { EnvFunctions, WasiFunctions } from "../generated/imports.ts";
import { clockResGet, clockTimeGet } from "./clock.ts";
import { abort, emscriptenNotifyMemoryGrowth, pthreadEqual, seed, trace } from "./compiler-support.ts";
import { argsGet, argsSizesGet, environGet, environSizesGet, pollOneoff, procExit, randomGet } from "./process.ts";
import { fdFdstatGet, fdPwrite, fdReaddir, fdTell, fdWrite, stdioOnly } from "./stdio.ts";

/** By name of the row. */
export const WASI_TABLE: Readonly<Partial<WasiFunctions>> = {
  args_get: argsGet,
  args_sizes_get: argsSizesGet,
  clock_res_get: clockResGet,
  clock_time_get: clockTimeGet,
  environ_get: environGet,
  environ_sizes_get: environSizesGet,
  fd_allocate: stdioOnly,
  fd_datasync: stdioOnly,
  fd_fdstat_get: fdFdstatGet,
  fd_fdstat_set_rights: stdioOnly,
  fd_filestat_set_size: stdioOnly,
  fd_filestat_set_times: stdioOnly,
  fd_pwrite: fdPwrite,
  fd_readdir: fdReaddir,
  fd_sync: stdioOnly,
  fd_tell: fdTell,
  fd_write: fdWrite,
  poll_oneoff: pollOneoff,
  proc_exit: procExit,
  random_get: randomGet,
};

/** By name of the row. */
export const COMPILER_SUPPORT_TABLE: Readonly<EnvFunctions> = {
  abort,
  emscripten_notify_memory_growth: emscriptenNotifyMemoryGrowth,
  pthread_equal: pthreadEqual,
  seed,
  trace,
};
