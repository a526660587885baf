// Tells how a guest ended, from what was thrown and from the meter's globals, and who was at work: function names out of
// V8's stack, which has the module's name section and the byte offset of each frame.

import type { FrameNames } from "./frame-names.ts";
import { ForbiddenMoment, GuestAbort, GuestExit, HostFuelSpent } from "./guest-exit.ts";
import { GuestFailure, type FailedPlugin, type FailureCause } from "./guest-failure.ts";
import { escapeControls } from "./log-text.ts";

/** What the meter's globals said when the guest stopped. */
export interface MeterReading {
  readonly fuelSpent: boolean;
  readonly depthSpent: boolean;
}

const FRAMES_SHOWN = 4;
/** Where a line of V8's stack ends that speaks of a function of a module. */
const PLACE = /:wasm-function\[(\d+)\]:0x([0-9a-f]+)\)?$/;
const PLACE_LENGTH = 64;
/** Names of functions and files are their author's: a module may bring some of megabytes, or with control characters. */
const NAME_LENGTH = 120;

export interface Stop {
  readonly thrown: unknown;
  readonly callback: string;
  readonly meter: MeterReading;
  /** What the guest logged as critical in this callback: panics of Rust, Go and our SDK say there what happened. */
  readonly lastWords: string | null;
}

export function describeFailure(spec: FailedPlugin, stop: Stop, frameNames: FrameNames): GuestFailure {
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
    const place = PLACE.exec(line.slice(-PLACE_LENGTH));
    if (place === null) continue;
    const shown = frameNames.nameOf(Number(place[1]), Number.parseInt(place[2]!, 16), nameIn(line));
    names.push(escapeControls(shown.slice(0, 2 * NAME_LENGTH)));
    if (names.length === FRAMES_SHOWN) break;
  }
  return names.length === 0 ? null : names.join(" < ");
}

/** Of a line `    at name (wasm://wasm/…`; null when the function has no name. */
function nameIn(line: string): string | null {
  const end = line.lastIndexOf(" (wasm://wasm/");
  if (end < 0) return null;
  const start = line.indexOf("at ") + "at ".length;
  return line.slice(start, Math.min(end, start + NAME_LENGTH));
}
