// The proof of a version: what its trial found, kept with it for good and shown wherever it is listed. The trial runs in a
// child process; nothing a module does there can hold up or harm the registry.

import { ModuleTrials } from "@sluice/abi";
import type { FilterDocument, Inspection, TrialReport } from "@sluice/abi";
import { REGISTRY_ERRORS } from "../errors.ts";
import { TRIALS_AT_ONCE_MAX } from "../limits.ts";
import { Semaphore } from "../semaphore.ts";
import type { Upload } from "./upload.ts";

/** `refusal` says why the version was not taken; `inspection` is null when the module could not be read at all. */
export type Proof = TrialReport;

export class Prover {
  readonly #trials = new ModuleTrials();
  readonly #turns = new Semaphore(TRIALS_AT_ONCE_MAX);

  /** Starts what the next trial needs, while its upload still arrives. */
  warm(): void {
    this.#trials.warm();
  }

  /** Tries what was pushed, with the document's example as its configuration. */
  async prove(upload: Upload, document: FilterDocument): Promise<Proof> {
    const requests = upload.requests.map(({ name, text }) => ({ file: name, text }));
    const report = await this.#turns.run(() =>
      this.#trials.try({ module: upload.module, pluginConfig: null, filter: document, requests }),
    );
    if (report.refusal !== null || report.inspection === null) return report;
    const refusal = checkRefusal(report.inspection, document);
    return { ...report, ok: refusal === null, refusal };
  }

  close(): void {
    this.#trials.close();
  }
}

/** A filter trusted to deny must be able to: without the export it would answer "no opinion" for ever. */
function checkRefusal({ callbacks }: Inspection, document: FilterDocument): Proof["refusal"] {
  if (document.requires?.includes("check") !== true || callbacks.includes("policy_on_check")) return null;
  const { code, hint } = REGISTRY_ERRORS.checkMissing;
  return {
    code,
    hint,
    message: `filter.yaml of ${document.name} requires a check, but the module exports no policy_on_check`,
  };
}
