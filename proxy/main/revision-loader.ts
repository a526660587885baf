// Turns revisions into modules that workers can run. A version is fetched, tried in a child process and compiled once;
// each of its configurations is then tried on the compiled module, in this process. What was loaded is kept for the next
// plan, for rollbacks and for `prepare`.

import { errorOf } from "@sluice/abi";
import type { FilterDocument, ModuleArtifact, Refusal } from "@sluice/abi";
import { filterLimits, revisionDigest } from "../contract/index.ts";
import type { Digest, Revision } from "../contract/index.ts";
import { LOADED_REVISIONS_MAX } from "./limits.ts";
import type { NotLoaded } from "../snapshot/plan.ts";
import { StepTimes } from "./step-times.ts";
import type { FilterVersion, VersionSource } from "./version-source.ts";

/** A version ready to run with a certain memory. */
export interface CompiledVersion {
  readonly version: Digest;
  readonly artifact: ModuleArtifact;
  /** Size of the module as it was pushed. */
  readonly moduleBytes: number;
  readonly document: FilterDocument | null;
}

export interface LoadedRevision extends CompiledVersion {
  readonly revision: Digest;
}

/** A revision that cannot run, and what of it was loaded before that showed. */
export interface FailedLoad extends NotLoaded {
  readonly loaded: LoadedRevision | null;
}

export interface VersionTrial {
  readonly refusal: Refusal | null;
  /** The compiler bore the module; what refused it, if anything, came after and is contained. */
  readonly isCompiled: boolean;
}

export interface LoadSteps {
  /** Tries the module with a first configuration where a crash does no harm. */
  tryVersion(version: FilterVersion, revision: Revision): Promise<VersionTrial>;
  /** Inspects, meters and compiles for good. Throws the SluiceError of a refusal. */
  compile(module: Uint8Array, memoryBytes: number): Promise<ModuleArtifact>;
  /** Starts it with the revision's configuration, away from traffic. Throws the SluiceError of a refusal. */
  configure(version: CompiledVersion, revision: Revision): Promise<void>;
  /** Makes its hot functions fast, away from traffic; how long a worker will stand still when it gets it, in ms. */
  rehearse(version: CompiledVersion, revision: Revision): Promise<number>;
}

export class RevisionLoader {
  private readonly steps: LoadSteps;
  private readonly loaded = new Kept<LoadedRevision>();
  /** By version and memory: all revisions that share both run one module, and V8 shares its code. */
  private readonly compiled = new Kept<CompiledVersion>();
  /** Of those, which were played requests. */
  private readonly rehearsed = new Set<string>();
  /** Versions that the compiler of a child process bore. */
  private readonly survivors = new Set<Digest>();

  constructor(steps: LoadSteps) {
    this.steps = steps;
  }

  /** Throws the SluiceError that says why the revision cannot run; the next call tries again. `times`: steps that were needed. */
  async load(revision: Revision, source: VersionSource, times = new StepTimes()): Promise<LoadedRevision> {
    // A digest says what the bytes are; a file must be read to know them.
    if (revision.module === undefined) return await this.loadNamed(revision, () => source.version(revision), times);
    const version = await times.of("read", source.version(revision));
    return await this.loadNamed({ ...revision, version: version.version }, () => Promise.resolve(version), times);
  }

  private loadNamed(revision: Revision, read: Read, times: StepTimes): Promise<LoadedRevision> {
    const digest = revisionDigest(revision);
    return this.loaded.get(digest, async () => {
      const { memoryBytes } = filterLimits(revision);
      const key = `${revision.version} ${memoryBytes}`;
      const version = await this.compiled.get(key, () => this.compileNew(revision, read, times));
      await times.of("configure", this.steps.configure(version, revision));
      await this.rehearseNew(key, version, revision, times);
      return { ...version, revision: digest };
    });
  }

  private async compileNew(revision: Revision, read: Read, times: StepTimes): Promise<CompiledVersion> {
    const version = await times.of("read", read());
    if (!this.survivors.has(version.version)) await times.of("child", this.survive(version, revision));
    const { memoryBytes } = filterLimits(revision);
    const artifact = await times.of("compile", this.steps.compile(version.module, memoryBytes));
    return { version: version.version, artifact, moduleBytes: version.module.length, document: version.document };
  }

  /** Code is the module's, whatever its configuration: once is enough. */
  private async rehearseNew(
    key: string,
    version: CompiledVersion,
    revision: Revision,
    times: StepTimes,
  ): Promise<void> {
    if (this.rehearsed.has(key)) return;
    this.rehearsed.add(key);
    forgetOldest(this.rehearsed);
    // It has started and been configured, so it serves; that it is not fast yet is no reason to refuse it.
    const pauseMs = await times.of("rehearse", this.steps.rehearse(version, revision)).catch(() => null);
    if (pauseMs !== null) times.note("expectedPause", pauseMs);
  }

  /** What a child refuses after it has compiled the module is this configuration's fault: it is refused again by its own trial. */
  private async survive(version: FilterVersion, revision: Revision): Promise<void> {
    const { refusal, isCompiled } = await this.steps.tryVersion(version, revision);
    if (!isCompiled && refusal !== null) throw errorOf(refusal);
    this.survivors.add(version.version);
    forgetOldest(this.survivors);
  }
}

type Read = () => Promise<FilterVersion>;

/** Values made once for all who ask, the least recently asked for forgotten; what could not be made is made anew. */
class Kept<T> {
  private readonly values = new Map<string, Promise<T>>();

  get(key: string, make: () => Promise<T>): Promise<T> {
    const value = this.values.get(key) ?? this.made(key, make);
    this.values.delete(key);
    this.values.set(key, value);
    forgetOldest(this.values);
    return value;
  }

  private made(key: string, make: () => Promise<T>): Promise<T> {
    const value = make();
    value.catch(() => this.values.delete(key));
    return value;
  }
}

function forgetOldest(kept: Map<string, unknown> | Set<string>): void {
  if (kept.size > LOADED_REVISIONS_MAX) kept.delete(kept.keys().next().value!);
}
