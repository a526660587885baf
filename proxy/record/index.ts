// Every sink that sluice.yaml can name.

import { mkdirSync, openSync, renameSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { SinkConfig } from "../contract/index.ts";
import { DescriptorSink } from "./descriptor-sink.ts";
import type { ReportSink } from "./report-sink.ts";

const STDOUT = 1;

/** Opens a sink; relative files start at `folder`. Throws when the file cannot be opened. */
export function openSink(config: SinkConfig, folder: string): ReportSink {
  if (config.type === "stdout") return new DescriptorSink({ name: config.name, open: () => STDOUT, closes: false });
  const file = resolve(folder, config.file);
  const { name, rotateAtBytes } = config;
  return new DescriptorSink({ name, open: () => openRotated(file, rotateAtBytes), closes: true, rotateAtBytes });
}

/** Opens for appending; a file that is already full becomes `file.1` first. */
function openRotated(file: string, rotateAtBytes: number | null): number {
  mkdirSync(dirname(file), { recursive: true });
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (rotateAtBytes !== null && size >= rotateAtBytes) renameSync(file, `${file}.1`);
  return openSync(file, "a", 0o640);
}
