// Takes profiles of workers for the admin port: one at a time, over a bounded time, given up when nobody waits for it.

import type { ServerResponse } from "node:http";
import { SluiceError } from "@sluice/abi";
import { PROXY_ERRORS } from "../errors.ts";
import { PROFILE_SECONDS_DEFAULT, PROFILE_SECONDS_MAX } from "./limits.ts";
import type { ProfileKind } from "./worker-profiler.ts";

/** A worker as the desk needs it; each answers false or null when the worker is gone or busy for too long. */
export interface ProfiledWorker {
  startProfile(kind: ProfileKind): Promise<boolean>;
  stopProfile(): Promise<object | null>;
}

interface Wish {
  readonly worker: ProfiledWorker;
  readonly index: number;
  readonly kind: ProfileKind;
  readonly seconds: number;
}

export class ProfileDesk {
  private readonly workerAt: (index: number) => ProfiledWorker | null;
  private isBusy = false;

  constructor(workerAt: (index: number) => ProfiledWorker | null) {
    this.workerAt = workerAt;
  }

  /** Answers a call: the profile as JSON. Throws E2071 or E2072; what fails later is told in the answer. */
  take(query: URLSearchParams): (response: ServerResponse) => void {
    if (this.isBusy) throw new SluiceError(PROXY_ERRORS.profileBusy, "Another profile is being taken.");
    const wish = this.read(query);
    this.isBusy = true;
    return (response) => void this.write(response, wish).finally(() => (this.isBusy = false));
  }

  private read(query: URLSearchParams): Wish {
    const index = Number(query.get("worker") ?? 0);
    const seconds = Number(query.get("seconds") ?? PROFILE_SECONDS_DEFAULT);
    const kind = query.get("kind") ?? "cpu";
    const worker = this.workerAt(index);
    if (worker === null) throw refused(`there is no worker ${query.get("worker")} now`);
    if (kind !== "cpu" && kind !== "heap") throw refused(`"${kind}" is no kind of profile`);
    if (!(seconds > 0 && seconds <= PROFILE_SECONDS_MAX)) throw refused(`it may last up to ${PROFILE_SECONDS_MAX} s`);
    return { worker, index, kind, seconds };
  }

  private async write(response: ServerResponse, { worker, index, kind, seconds }: Wish): Promise<void> {
    const left = new Promise<void>((resolve) => response.once("close", resolve));
    let timer: NodeJS.Timeout | undefined;
    const isStarted = await worker.startProfile(kind);
    if (isStarted) await Promise.race([left, new Promise((resolve) => (timer = setTimeout(resolve, seconds * 1000)))]);
    clearTimeout(timer);
    const profile = isStarted ? await worker.stopProfile() : null;
    if (response.closed) return;
    const lost = new SluiceError(PROXY_ERRORS.profileLost, `Worker ${index} gave no profile.`);
    response.writeHead(profile === null ? 503 : 200, {
      "content-type": "application/json",
      "cache-control": "no-store",
    });
    response.end(JSON.stringify(profile ?? lost));
  }
}

function refused(why: string): SluiceError {
  return new SluiceError(PROXY_ERRORS.profileWish, `The profile cannot be taken: ${why}.`);
}
