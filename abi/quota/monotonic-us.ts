// HOT: bench abi.
// Microseconds of a clock that never goes back and that all threads of the process share. A thread's own clock starts with
// it, so its start is added; the process's clock itself comes as an object or a BigInt, several times as dear.

const startUs = Number(process.hrtime.bigint()) / 1000 - performance.now() * 1000;

/** Microseconds since an arbitrary start, the same for all threads of a process. */
export function monotonicUs(): number {
  return Math.floor(startUs + performance.now() * 1000);
}
