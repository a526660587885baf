// Tells how a guest ended, from what was thrown and from the meter's globals, and who was at work: function names out of
// V8's stack, which has the module's name section and the byte offset of each frame.

import type { FrameNames } from "./frame-names.ts";
import { ForbiddenMoment, GuestAbort, GuestExit, HostFuelSpent } from "./guest-exit.ts";
import { GuestFailure, type FailureCause } from "./guest-failure.ts";
import type { PluginSpec } from "./plugin.ts";

/** What the meter's globals said when the guest stopped. */
export interface MeterReading {
  readonly fuelSpent: boolean;
  readonly depthSpent: boolean;
}

const FRAMES_SHOWN = 4;
const WASM_FRAME = /(?:at (?:async )?(.+?) \()?wasm:\/\/wasm\/[^\s)]*?:wasm-function\[(\d+)\]:0x([0-9a-f]+)/;

export interface Stop {
  readonly thrown: unknown;
  readonly callback: string;
  readonly meter: MeterReading;
  /** What the guest logged as critical in this callback: panics of Rust, Go and our SDK say there what happened. */
  readonly lastWords: string | null;
}

export function describeFailure(spec: PluginSpec, stop: Stop, frameNames: FrameNames): GuestFailure {
  const cause = causeOf(stop);
  const detail = stop.lastWords === null ? sentence(stop, cause) : `${sentence(stop, cause)}: ${stop.lastWords}`;
  return new GuestFailure(cause, spec, stop.callback, detail, frames(stop.thrown, frameNames));
}

function causeOf({ thrown, meter }: Stop): FailureCause {
  if (meter.fuelSpent || thrown instanceof HostFuelSpent) return "fuel";
  // V8's own stack can run out before the depth bound, in the guest or in a hostcall it made near the end.
  if (meter.depthSpent || thrown instanceof RangeError) return "limit";
  if (thrown instanceof WebAssembly.RuntimeError) return "trap";
  if (thrown instanceof ForbiddenMoment || thrown instanceof GuestExit || thrown instanceof GuestAbort) return "trap";
  return "error";
}

function sentence({ thrown, meter }: Stop, cause: FailureCause): string {
  if (cause === "fuel") return "out of fuel";
  if (meter.depthSpent) return "calls nested too deep";
  if (cause === "limit") return "out of stack";
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function frames(thrown: unknown, frameNames: FrameNames): string | null {
  if (!(thrown instanceof Error) || thrown.stack === undefined) return null;
  const names: string[] = [];
  for (const line of thrown.stack.split("\n")) {
    const frame = WASM_FRAME.exec(line);
    if (frame === null) continue;
    names.push(frameNames.nameOf(Number(frame[2]), Number.parseInt(frame[3]!, 16), frame[1] ?? null));
    if (names.length === FRAMES_SHOWN) break;
  }
  return names.length === 0 ? null : names.join(" < ");
}
