// Turns revisions into modules that workers can run: fetched, tried in a child process, inspected, metered, compiled.
// Every revision is tried once; what was loaded is kept for the next plan, for rollbacks and for `prepare`.

import type { FilterDocument, ModuleArtifact } from "@sluice/abi";
import { filterLimits, revisionDigest } from "../contract/index.ts";
import type { Digest, Revision } from "../contract/index.ts";
import { LOADED_REVISIONS_MAX } from "./limits.ts";
import type { NotLoaded } from "../snapshot/plan.ts";
import type { FilterVersion, VersionSource } from "./version-source.ts";

export interface LoadedRevision {
  readonly version: Digest;
  readonly revision: Digest;
  readonly artifact: ModuleArtifact;
  readonly document: FilterDocument | null;
}

/** A revision that cannot run, and what of it was loaded before that showed. */
export interface FailedLoad extends NotLoaded {
  readonly loaded: LoadedRevision | null;
}

/** Tries the module with its configuration where a crash does no harm. Throws the SluiceError of a refusal. */
export type Trial = (version: FilterVersion, revision: Revision) => Promise<void>;
/** Inspects, meters and compiles for good. Throws the SluiceError of a refusal. */
export type Prepare = (module: Uint8Array, memoryBytesMax: number) => ModuleArtifact;

export class RevisionLoader {
  private readonly trial: Trial;
  private readonly prepare: Prepare;
  private readonly loaded = new Map<string, Promise<LoadedRevision>>();
  private readonly artifacts = new Map<string, ModuleArtifact>();

  constructor(trial: Trial, prepare: Prepare) {
    this.trial = trial;
    this.prepare = prepare;
  }

  /** Throws the SluiceError that says why the revision cannot run; the next call tries again. */
  async load(revision: Revision, source: VersionSource): Promise<LoadedRevision> {
    const version = await source.version(revision);
    const named = { ...revision, version: version.version };
    const digest = revisionDigest(named);
    const known = this.loaded.get(digest);
    if (known !== undefined) {
      this.remember(digest, known);
      return known;
    }
    const loading = this.loadNew(named, digest, version);
    this.remember(digest, loading);
    loading.catch(() => this.loaded.delete(digest));
    return loading;
  }

  private async loadNew(revision: Revision, digest: Digest, version: FilterVersion): Promise<LoadedRevision> {
    await this.trial(version, revision);
    const { memoryBytes } = filterLimits(revision);
    return {
      version: version.version,
      revision: digest,
      artifact: this.artifact(version, memoryBytes),
      document: version.document,
    };
  }

  /** One compiled module for all revisions of a version that have the same memory: V8 then shares its code. */
  private artifact(version: FilterVersion, memoryBytes: number): ModuleArtifact {
    const key = `${version.version} ${memoryBytes}`;
    const known = this.artifacts.get(key);
    if (known !== undefined) return known;
    const artifact = this.prepare(version.module, memoryBytes);
    this.artifacts.set(key, artifact);
    forgetOldest(this.artifacts);
    return artifact;
  }

  private remember(digest: string, loading: Promise<LoadedRevision>): void {
    this.loaded.delete(digest);
    this.loaded.set(digest, loading);
    forgetOldest(this.loaded);
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size > LOADED_REVISIONS_MAX) map.delete(map.keys().next().value!);
}
