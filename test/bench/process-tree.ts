// CPU time and memory of a process and all it started, as Linux counts them in /proc.

import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second of /proc/PID/stat; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** User and system time spent so far by `pid` and its descendants that still live, in microseconds. */
export function cpuMicroseconds(pid: number): number {
  return processTree(pid).reduce((sum, member) => sum + cpuTicks(member), 0) * (1_000_000 / TICKS_PER_SECOND);
}

/** Resident memory of `pid` and its descendants in MiB. */
export function residentMebibytes(pid: number): number {
  return statusKibibytes(pid, /^VmRSS:\s+(\d+)/m) / 1024;
}

/** Resident memory of the largest of `pid` and its descendants in MiB: of a proxy the process with the workers. */
export function largestResidentMebibytes(pid: number): number {
  const kibibytes = processTree(pid).map((member) => statusKibibytesOf(member, /^VmRSS:\s+(\d+)/m));
  return Math.max(...kibibytes) / 1024;
}

/** Address space of `pid` and its descendants in GiB: a WebAssembly memory reserves 8. */
export function addressSpaceGibibytes(pid: number): number {
  return statusKibibytes(pid, /^VmSize:\s+(\d+)/m) / (1024 * 1024);
}

/** Open file descriptors of `pid` and its descendants. */
export function openDescriptors(pid: number): number {
  return processTree(pid).reduce((sum, member) => sum + namesIn(`/proc/${member}/fd`).length, 0);
}

function statusKibibytes(pid: number, field: RegExp): number {
  return processTree(pid).reduce((sum, member) => sum + statusKibibytesOf(member, field), 0);
}

function statusKibibytesOf(pid: number, field: RegExp): number {
  return Number(field.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? 0);
}

function processTree(root: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: Number(statFields(Number(name))[1] ?? -1) }));
  const tree = [root];
  for (let at = 0; at < tree.length; at++)
    tree.push(...parents.filter(({ parent }) => parent === tree[at]).map(({ pid }) => pid));
  return tree;
}

function cpuTicks(pid: number): number {
  const fields = statFields(pid);
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

/** Fields of /proc/PID/stat from the state on: the name before it may hold spaces and brackets. */
function statFields(pid: number): string[] {
  const text = readOrEmpty(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // the process ended meanwhile
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // the process ended meanwhile
  }
}
