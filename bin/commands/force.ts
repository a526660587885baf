// `sluice force`: the header with which a request chooses its revision of a split slot.

import { SluiceError, valueProblems } from "@sluice/abi";
import {
  DurationSchema,
  FORCED_REVISION_HEADER,
  REVISION_DIGITS_MIN,
  durationMs,
  parseSplitSecret,
  signForcedRevision,
} from "@sluice/proxy/contract";
import type { Forced } from "@sluice/registry";
import { Command } from "commander";
import { BIN_ERRORS } from "../errors.ts";
import { readNamedText } from "../named-file.ts";
import { openRegistry, withRegistry } from "../registry-access.ts";
import type { RegistryOptions } from "../registry-access.ts";
import { printable, printResult } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface ForceOptions extends RegistryOptions {
  readonly json?: boolean;
  readonly for: string;
  readonly deployment: string;
  readonly secret?: string;
}

export function forceCommand(terminal: Terminal): Command {
  const command = new Command("force")
    .description("print the header that lets a request choose its revision of a slot deployed with --allow-force")
    .argument("<slot>", "the slot")
    .argument("<revision>", "the revision: at least 8 digits of its digest, as `sluice deploy` prints them")
    .option("--for <duration>", "how long it counts (ms, s, m, h)", "1h")
    .option("--deployment <name>", "the deployment with the slot", "default")
    .option("--secret <file>", "sign it here with this split.secret of a proxy without a registry");
  return withRegistry(command).action((slot: string, revision: string, options: ForceOptions) =>
    force(terminal, { slot, revision }, options),
  );
}

async function force(
  terminal: Terminal,
  named: { readonly slot: string; readonly revision: string },
  options: ForceOptions,
): Promise<void> {
  if (valueProblems(options.for, DurationSchema).length > 0)
    throw new SluiceError(BIN_ERRORS.usage, `--for ${options.for} is not a duration such as 30m.`);
  const forced =
    options.secret === undefined
      ? await openRegistry(terminal, options).force(options.deployment, { ...named, for: options.for })
      : signedHere(terminal, named, options.secret, Date.now() + durationMs(options.for));
  // Alone on its line, so that `curl -H "$(sluice force …)"` takes it as it is.
  printResult(terminal, options, forced, printable(`${forced.header}: ${forced.value}`));
}

/** Nobody is asked here whether there is such a revision: a proxy that has it not serves as it would without. */
function signedHere(
  terminal: Terminal,
  { slot, revision }: { readonly slot: string; readonly revision: string },
  file: string,
  untilMs: number,
): Omit<Forced, "revision"> & { readonly revision: string } {
  const secret = parseSplitSecret(readNamedText(terminal, file));
  if (secret === null)
    throw new SluiceError(BIN_ERRORS.usage, `${file} does not hold the 64 hex digits of a split secret.`);
  const digits = revision.toLowerCase().replace(/^sha256:/, "");
  if (!new RegExp(`^[0-9a-f]{${REVISION_DIGITS_MIN},64}$`).test(digits))
    throw new SluiceError(BIN_ERRORS.usage, `"${revision}" is not the beginning of a revision's digest.`);
  const expires = Math.ceil(untilMs / 1000);
  const value = signForcedRevision({ slot, digits, expires }, secret);
  return {
    header: FORCED_REVISION_HEADER,
    value,
    slot,
    revision: digits,
    until: new Date(expires * 1000).toISOString(),
  };
}
