// `sluice override`: break-glass on one proxy, without the registry.

import { SluiceError } from "@sluice/abi";
import { overrideSentence } from "@sluice/proxy/contract";
import { Command } from "commander";
import { openAdmin, withAdmin } from "../admin-client.ts";
import type { AdminClient, OverrideAnswer, OverrideList, OverrideWish } from "../admin-client.ts";
import { BIN_ERRORS } from "../errors.ts";
import { printable, printResult, table } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface OverrideOptions {
  readonly proxy: string;
  readonly json?: boolean;
  readonly off?: boolean;
  readonly previous?: boolean;
  readonly pin?: string;
  readonly clear?: boolean;
  readonly for?: string;
  readonly why?: string;
}

export function overrideCommand(terminal: Terminal): Command {
  const command = new Command("override")
    .description("break-glass: what one proxy does with a slot, whatever is deployed; alone it lists what is possible")
    .argument("[slot]", "the slot")
    .option("--off", "leave the slot out of the chain")
    .option("--previous", "the slot's entry before its last change on this proxy")
    .option("--pin <digest>", "this revision of the slot for all traffic; 8 digits of its digest are enough")
    .option("--for <duration>", "end it by itself, for example after 1h (ms, s, m, h)")
    .option("--clear", "end the slot's override")
    .option("--why <text>", "the reason, for log and history");
  return withAdmin(command).action((slot: string | undefined, options: OverrideOptions) =>
    override(terminal, slot, options),
  );
}

async function override(terminal: Terminal, slot: string | undefined, options: OverrideOptions): Promise<void> {
  const act = actOf(slot, options);
  const client = openAdmin(terminal, options.proxy);
  if (act === null) return list(terminal, client, options);
  const answer = await act.call(client);
  for (const warning of answer.warnings) terminal.err(printable(`warning: ${warning}`));
  const text = `override ${act.done}: ${overrideSentence(answer.override)}`;
  printResult(terminal, options, answer, printable(text));
}

interface Act {
  readonly done: "set" | "cleared";
  call(client: AdminClient): Promise<OverrideAnswer>;
}

/** null: only list. Throws SLUICE-E5001 when the options contradict each other. */
function actOf(slot: string | undefined, options: OverrideOptions): Act | null {
  const { off, previous, pin, clear, why } = options;
  const ways = [off, previous, pin, clear].filter((way) => way !== undefined).length;
  if (slot === undefined) {
    if (ways > 0 || options.for !== undefined || why !== undefined) throw usage("which slot? Name it first");
    return null;
  }
  if (ways !== 1) throw usage("say one of --off, --previous, --pin DIGEST and --clear");
  const reason = why === undefined ? {} : { why };
  if (clear === true) {
    if (options.for !== undefined) throw usage("--clear ends an override at once and takes no --for");
    return { done: "cleared", call: (client) => client.clearOverride({ slot, ...reason }) };
  }
  const wish: OverrideWish = {
    slot,
    kind: off === true ? "off" : previous === true ? "previous" : "pin",
    ...(pin === undefined ? {} : { revision: pin }),
    ...(options.for === undefined ? {} : { for: options.for }),
    ...reason,
  };
  return { done: "set", call: (client) => client.override(wish) };
}

function usage(why: string): SluiceError {
  return new SluiceError(BIN_ERRORS.usage, `override: ${why}.`);
}

async function list(terminal: Terminal, client: AdminClient, options: OverrideOptions): Promise<void> {
  const answer = await client.overrides();
  printResult(terminal, options, answer, printable(listText(answer)));
}

function listText({ overrides, slots }: OverrideList): string {
  const inForce = overrides.length === 0 ? ["no override is in force"] : overrides.map(overrideSentence);
  if (slots.length === 0) return [...inForce, "", "no slot is in charge"].join("\n");
  const rows = slots.flatMap(({ slot, phase, revisions }) =>
    revisions.map(({ revision, filter, tag, number }) => [
      slot,
      phase,
      revision.slice(0, 19),
      tag === null ? filter : `${filter}@${tag}`,
      number === null ? "in charge" : `deployment ${number}`,
    ]),
  );
  return [...inForce, "", table([["SLOT", "PHASE", "REVISION", "FILTER", "OF"], ...rows])].join("\n");
}
