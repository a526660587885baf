// Tries a module where it can do no harm: in a child process with bounds on time and memory. What survives inspection,
// compilation, start, configuration and its own request files there may enter a proxy.
import { TRIAL_RESIDENT_BYTES, TRIAL_SPARE_AFTER_MS, TRIAL_SPARE_MS, TRIAL_WALL_MS } from "./limits.ts";
import { TrialChild, type TrialBounds } from "./trial-child.ts";
import type { TrialInput, TrialReport } from "./trial-report.ts";

const BOUNDS: TrialBounds = { wallMs: TRIAL_WALL_MS, residentBytes: TRIAL_RESIDENT_BYTES };

/** Tries one module in a process of its own. Never rejects for what a module does: that is the report's refusal. */
export async function tryModule(input: TrialInput, bounds: Partial<TrialBounds> = {}): Promise<TrialReport> {
  return await new TrialChild().try(input, { ...BOUNDS, ...bounds });
}

export interface TrialsOptions extends Partial<TrialBounds> {
  /** False while something is under way that a starting child would slow down: its start takes half a second of a CPU. */
  readonly isQuiet?: () => boolean;
}

/** For who tries often: the next child is started before it is needed, since starting one takes longer than most trials. */
export class ModuleTrials {
  private readonly bounds: TrialBounds;
  private readonly isQuiet: () => boolean;
  private spare: TrialChild | null = null;
  private letGo: NodeJS.Timeout | null = null;
  private soon: NodeJS.Timeout | null = null;

  constructor({ isQuiet = () => true, ...bounds }: TrialsOptions = {}) {
    this.bounds = { ...BOUNDS, ...bounds };
    this.isQuiet = isQuiet;
  }

  /** Starts a child for a trial that is expected; it is let go after TRIAL_SPARE_MS. */
  warm(): void {
    this.keepLonger();
    if (this.spare?.isAlive === true) return;
    this.spare = new TrialChild();
    this.spare.unref();
  }

  /** As tryModule. */
  async try(input: TrialInput): Promise<TrialReport> {
    this.cancelSpare();
    const child = this.spare?.isAlive === true ? this.spare : new TrialChild();
    this.spare = null;
    const report = await child.try(input, this.bounds);
    this.warmSoon();
    return report;
  }

  close(): void {
    this.cancelSpare();
    if (this.letGo !== null) clearTimeout(this.letGo);
    this.letGo = null;
    this.spare?.kill();
    this.spare = null;
  }

  /** Who tries once often tries again, but what a trial was for (a push, a deployment) comes first. */
  private warmSoon(): void {
    this.cancelSpare();
    this.soon = setTimeout(() => (this.isQuiet() ? this.warm() : this.warmSoon()), TRIAL_SPARE_AFTER_MS).unref();
  }

  private cancelSpare(): void {
    if (this.soon !== null) clearTimeout(this.soon);
    this.soon = null;
  }

  private keepLonger(): void {
    if (this.letGo !== null) clearTimeout(this.letGo);
    this.letGo = setTimeout(() => this.close(), TRIAL_SPARE_MS).unref();
  }
}
