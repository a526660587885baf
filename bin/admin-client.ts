// One proxy's admin port, for the commands that act on it without a registry.

import type { WorkersStatus } from "@sluice/proxy";
import type { Override, ServerSentEvent } from "@sluice/proxy/contract";
import { SluiceError } from "@sluice/abi";
import type { Command } from "commander";
import { ApiCaller } from "./api-caller.ts";
import type { ApiAccess } from "./api-caller.ts";
import { BIN_ERRORS } from "./errors.ts";
import { findToken } from "./registry-access.ts";
import type { Terminal } from "./terminal.ts";

const defaultAddress = "http://127.0.0.1:9901";

/** What an override is asked for with. */
export interface OverrideWish {
  readonly slot: string;
  readonly kind: Override["kind"];
  readonly revision?: string;
  /** Such as `1h`. */
  readonly for?: string;
  readonly why?: string;
}

export interface OverrideAnswer {
  readonly override: Override;
  readonly warnings: readonly string[];
}

export interface OverrideList {
  readonly overrides: readonly Override[];
  readonly slots: readonly {
    readonly slot: string;
    readonly phase: string;
    readonly revisions: readonly {
      readonly revision: string;
      readonly filter: string;
      readonly tag: string | null;
      readonly number: number | null;
    }[];
  }[];
}

export class AdminClient {
  readonly #api: ApiCaller;

  constructor(access: ApiAccess) {
    const hint = "Look whether the proxy runs, or name another admin port with --proxy URL.";
    this.#api = new ApiCaller(access, "The proxy's admin port", hint);
  }

  overrides(): Promise<OverrideList> {
    return this.#api.json("GET", "/overrides");
  }

  override(wish: OverrideWish): Promise<OverrideAnswer> {
    return this.#api.json("POST", "/override", { body: JSON.stringify(wish) });
  }

  clearOverride(wish: { readonly slot: string; readonly why?: string }): Promise<OverrideAnswer> {
    return this.#api.json("POST", "/override/clear", { body: JSON.stringify(wish) });
  }

  /** What each worker does now. */
  async workers(): Promise<WorkersStatus> {
    const { workers } = await this.#api.json<{ workers: WorkersStatus }>("GET", "/stats");
    return workers;
  }

  /** Begins; `workers` tells how far it is. */
  replaceWorkers(): Promise<unknown> {
    return this.#api.json("POST", "/replace-workers");
  }

  /** The profile, when it is over. */
  profile(query: URLSearchParams): Promise<object> {
    return this.#api.json("POST", `/profile?${query}`);
  }

  /** Live records: hello, record, dropped, heartbeat. */
  tail(query: URLSearchParams, signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
    return this.#api.events(`/tail?${query}`, signal);
  }
}

/** Adds what every command that acts on a proxy takes. */
export function withAdmin(command: Command): Command {
  return command
    .option("--proxy <url>", "the proxy's admin port", defaultAddress)
    .option("--json", "print the result as JSON");
}

/** Throws SLUICE-E5001 or SLUICE-E5004. */
export function openAdmin(terminal: Terminal, address: string): AdminClient {
  if (!/^https?:\/\//.test(address) || !URL.canParse(address))
    throw new SluiceError(BIN_ERRORS.usage, `"${address}" is not an admin port's address; write ${defaultAddress}.`);
  return new AdminClient({ address, token: findToken(terminal) });
}
