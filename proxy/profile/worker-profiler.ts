// Profiles of the thread it runs in, by V8's own sampling profilers: traffic goes on meanwhile. It holds no timer; main
// says when it ends.

import { Session } from "node:inspector/promises";
import { CPU_SAMPLE_US, HEAP_SAMPLE_BYTES } from "./limits.ts";

/** Where time goes, or what is allocated and still held. */
export type ProfileKind = "cpu" | "heap";

export class WorkerProfiler {
  private session: Session | null = null;
  private kind: ProfileKind = "cpu";

  /** Begins; what is under way is given up. */
  async start(kind: ProfileKind): Promise<void> {
    this.abandon();
    const session = new Session();
    session.connect();
    this.session = session;
    this.kind = kind;
    if (kind === "heap") {
      await session.post("HeapProfiler.startSampling", { samplingInterval: HEAP_SAMPLE_BYTES });
      return;
    }
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: CPU_SAMPLE_US });
    await session.post("Profiler.start");
  }

  /** Ends it; the profile as Chrome's tools read it (`.cpuprofile`, `.heapprofile`). null: none is under way. */
  async stop(): Promise<object | null> {
    const { session, kind } = this;
    if (session === null) return null;
    try {
      const answer =
        kind === "heap" ? await session.post("HeapProfiler.stopSampling") : await session.post("Profiler.stop");
      return answer.profile;
    } finally {
      this.abandon();
    }
  }

  private abandon(): void {
    this.session?.disconnect();
    this.session = null;
  }
}
