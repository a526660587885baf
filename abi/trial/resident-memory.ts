// How much memory another process holds. Linux tells in a file; elsewhere ps is asked.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const PAGE_BYTES = 4_096;

/** Resident bytes of a process; 0 when it is gone. */
export async function residentBytes(pid: number): Promise<number> {
  try {
    return process.platform === "linux" ? await fromProc(pid) : await fromPs(pid);
  } catch {
    return 0;
  }
}

async function fromProc(pid: number): Promise<number> {
  const pages = (await readFile(`/proc/${pid}/statm`, "latin1")).split(" ")[1];
  return Number(pages) * PAGE_BYTES;
}

async function fromPs(pid: number): Promise<number> {
  const { stdout } = await run("ps", ["-o", "rss=", "-p", String(pid)]);
  return Number(stdout.trim()) * 1024;
}
