// Tries a module where it can do no harm: in a child process with bounds on time and memory. What survives inspection,
// compilation, start, configuration and its own request files there may enter a proxy.
import { TRIAL_RESIDENT_BYTES, TRIAL_SPARE_MS, TRIAL_WALL_MS } from "./limits.ts";
import { TrialChild, type TrialBounds } from "./trial-child.ts";
import type { TrialInput, TrialReport } from "./trial-report.ts";

const BOUNDS: TrialBounds = { wallMs: TRIAL_WALL_MS, residentBytes: TRIAL_RESIDENT_BYTES };

/** Tries one module in a process of its own. Never rejects for what a module does: that is the report's refusal. */
export async function tryModule(input: TrialInput, bounds: Partial<TrialBounds> = {}): Promise<TrialReport> {
  return await new TrialChild().try(input, { ...BOUNDS, ...bounds });
}

/** For who tries often: the next child is started before it is needed, since starting one takes longer than most trials. */
export class ModuleTrials {
  private readonly bounds: TrialBounds;
  private spare: TrialChild | null = null;
  private letGo: NodeJS.Timeout | null = null;

  constructor(bounds: Partial<TrialBounds> = {}) {
    this.bounds = { ...BOUNDS, ...bounds };
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
    const child = this.spare?.isAlive === true ? this.spare : new TrialChild();
    this.spare = null;
    const report = await child.try(input, this.bounds);
    this.warm();
    return report;
  }

  close(): void {
    if (this.letGo !== null) clearTimeout(this.letGo);
    this.letGo = null;
    this.spare?.kill();
    this.spare = null;
  }

  private keepLonger(): void {
    if (this.letGo !== null) clearTimeout(this.letGo);
    this.letGo = setTimeout(() => this.close(), TRIAL_SPARE_MS).unref();
  }
}
