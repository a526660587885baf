// A hostcall made near the end of what calls may nest: of the depth that is counted, and of the JavaScript stack. It has its
// whole effect or none, and the guest goes on or is over. The answer is a list of complaints.
import { wireParams, type HostcallRow } from "@sluice/abi/spec";
import { OUT } from "./guest.ts";
import type { GuestSettings, Host } from "./host.ts";
import { EVERYTHING, exchangeIn, goodArguments } from "./rows.ts";
import { BYTES_AT, callbackOf, OUTS_AT, TableGuest, tableModule, type Values } from "./table-guest.ts";

/** Deeper than any host lets a guest nest. */
const ENDLESS = 1_000_000;

/** How a guest is said to have met the bound. */
const END = /calls nested too deep|out of stack/;

export class DeepCalls {
  private readonly host: Host;
  private readonly row: HostcallRow;
  private readonly settings: GuestSettings;
  private readonly module: Uint8Array;

  constructor(host: Host, row: HostcallRow, depthMax: number) {
    const { values, bytes } = argumentsOf(row);
    this.host = host;
    this.row = row;
    this.settings = { ...EVERYTHING, limits: { ...EVERYTHING.limits, depth: depthMax } };
    this.module = tableModule(row, [values], bytes);
  }

  /** At `callsMax` depths from `first` on, or fewer when `failuresMax` of them in a row have ended the guest. */
  problems(first: number, failuresMax: number, callsMax: number): string[] {
    const complete = this.callAt(0);
    const untouched = this.callAt(ENDLESS).state;
    const problems: string[] = [];
    for (let depth = first, failures = 0; failures < failuresMax && depth < first + callsMax; depth++) {
      const call = this.callAt(depth);
      failures = call.end === complete.end ? 0 : failures + 1;
      problems.push(...problemsOf(call, complete, untouched).map((problem) => `at depth ${depth} ${problem}`));
    }
    return problems;
  }

  /** About the deepest it may go and still make the call; at `fails` it may not. */
  deepest(fails: number): number {
    let [fits, limit] = [0, fails];
    while (limit - fits > 4) {
      const middle = (fits + limit) >> 1;
      if (END.test(String(this.callAt(middle).end))) limit = middle;
      else fits = middle;
    }
    return fits;
  }

  private callAt(depth: number): Called {
    const exchange = exchangeIn(callbackOf(this.row));
    const settings = { ...this.settings, pluginConfig: new Uint8Array(depth) };
    const table = new TableGuest(this.host, this.row, this.module, settings);
    const end = endOf(() => table.next(exchange).status);
    const { guest } = table;
    const state = JSON.stringify([exchange.state(), guest.metric("m"), guest.observed("m"), guest.metric("value")]);
    return { end, state, logs: table.guest.logs.map(({ message }) => message) };
  }
}

interface Called {
  /** The status, or what ended the guest. */
  readonly end: number | string;
  readonly state: string;
  readonly logs: readonly string[];
}

function problemsOf({ end, state, logs }: Called, complete: Called, untouched: string): string[] {
  if (state !== complete.state && state !== untouched) return [`leaves ${state}`];
  if (end === complete.end) return state === complete.state ? [] : ["returns without its effect"];
  if (!END.test(String(end))) return [`ends as ${end}`];
  return logs.every((line) => complete.logs.includes(line)) ? [] : [`logs ${logs.join()}`];
}

function endOf(call: () => number): number | string {
  try {
    return call();
  } catch (ended) {
    return ended instanceof Error ? ended.message : String(ended);
  }
}

function argumentsOf(row: HostcallRow): { values: Values; bytes: Uint8Array } {
  const pieces: Uint8Array[] = [];
  let at = BYTES_AT;
  let out = OUTS_AT;
  const values = goodArguments(row).flatMap((argument): (number | bigint)[] => {
    if (argument === OUT) return [(out += 8)];
    if (typeof argument === "number" || typeof argument === "bigint") return [argument];
    const piece = Buffer.from(argument as string);
    pieces.push(piece);
    at += piece.length;
    return [at - piece.length, piece.length];
  });
  if (values.length !== wireParams(row.params).length) throw new Error(`${row.name} has other parameters`);
  return { values, bytes: Buffer.concat(pieces) };
}
