// `sluice test`: the request files of a filter's folder, or any module with request files, run in the real host.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { SluiceError, parseRequests, prepareModule, runRequests } from "@sluice/abi";
import type { CaseReport, FilterDocument, ModuleArtifact } from "@sluice/abi";
import { SDK_ERRORS } from "../errors.ts";
import { buildFilter } from "./build-filter.ts";
import { folderOfModule, readFilterFolder } from "./filter-folder.ts";

/** One request file's cases. */
export interface RequestFileReport {
  readonly file: string;
  readonly cases: readonly CaseReport[];
}

export interface TestReport {
  /** The filter's name, or the module's file. */
  readonly name: string;
  readonly ok: boolean;
  readonly passed: number;
  readonly failed: number;
  /** The dearest case. */
  readonly fuelMax: number;
  readonly files: readonly RequestFileReport[];
}

export interface TestOptions {
  /** Request files in place of those that filter.yaml names; needed for a module without one beside or above it. */
  readonly requests?: readonly string[];
}

/**
 * Tests a filter's folder (built first when it has changed) or a `.wasm` file. Throws E4011 when there is no request file, E4012 for a
 * file that cannot be read, what `buildFilter` throws, and the host's refusals of module and configuration.
 */
export async function testFilter(target: string, { requests }: TestOptions = {}): Promise<TestReport> {
  const subject = target.endsWith(".wasm") ? await moduleSubject(target) : await folderSubject(resolve(target));
  const files = requests?.map((file) => resolve(file)) ?? subject.requestFiles;
  if (files.length === 0)
    throw new SluiceError(SDK_ERRORS.noRequests, `there is no request file to test ${subject.name} with`);
  const reports: RequestFileReport[] = [];
  for (const file of files) {
    const document = parseRequests((await readNamed(file)).toString("utf8"), file);
    reports.push({ file, cases: runRequests(subject.artifact, document, { filter: subject.document }).cases });
  }
  return summarise(subject.name, reports);
}

interface Subject {
  readonly name: string;
  readonly artifact: ModuleArtifact;
  readonly document: FilterDocument | null;
  readonly requestFiles: readonly string[];
}

async function folderSubject(folder: string): Promise<Subject> {
  const { wasm, name } = await buildFilter(folder, { onlyWhenStale: true });
  const { document, requestFiles } = await readFilterFolder(folder);
  return { name, artifact: prepareModule(wasm), document, requestFiles };
}

async function moduleSubject(file: string): Promise<Subject> {
  const artifact = prepareModule(await readNamed(file));
  const folder = folderOfModule(resolve(file));
  if (folder === null) return { name: file, artifact, document: null, requestFiles: [] };
  const { name, document, requestFiles } = await readFilterFolder(folder);
  return { name, artifact, document, requestFiles };
}

async function readNamed(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    const reason = code === "ENOENT" ? "there is no such file" : code;
    throw new SluiceError(SDK_ERRORS.fileUnreadable, `"${file}" cannot be read: ${reason}`, { cause });
  }
}

function summarise(name: string, files: readonly RequestFileReport[]): TestReport {
  const cases = files.flatMap((file) => file.cases);
  const passed = cases.filter(({ ok }) => ok).length;
  const fuelMax = cases.reduce((dearest, { fuel }) => Math.max(dearest, fuel), 0);
  return { name, ok: passed === cases.length, passed, failed: cases.length - passed, fuelMax, files };
}
