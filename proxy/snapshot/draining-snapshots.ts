// The snapshots of a worker that are no longer in charge and still held by streams. A stream holds its snapshot to its
// end, but not for ever: a tunnel or a slow download would keep the instances of every configuration there ever was.

/** `limits` of the snapshot in charge that say how long. */
export interface DrainLimits {
  readonly drainTimeoutMs: number;
  readonly drainingSnapshotsMax: number;
}

/** Which bound was reached. */
export type DrainBound = "time" | "count";

interface Draining<S> {
  readonly snapshot: S;
  readonly sinceMs: number;
  /** Its streams were told to let go; those that were cut end soon. */
  isLetGo: boolean;
}

export class DrainingSnapshots<S> {
  /** The oldest first. */
  private readonly draining: Draining<S>[] = [];

  add(snapshot: S, nowMs: number): void {
    this.draining.push({ snapshot, sinceMs: nowMs, isLetGo: false });
  }

  /** Its last stream has ended. */
  delete(snapshot: S): void {
    const at = this.draining.findIndex((one) => one.snapshot === snapshot);
    if (at >= 0) this.draining.splice(at, 1);
  }

  get all(): S[] {
    return this.draining.map(({ snapshot }) => snapshot);
  }

  /** Those that streams must let go of now; each is answered once. */
  takeOverdue(limits: DrainLimits, nowMs: number): { readonly snapshot: S; readonly bound: DrainBound }[] {
    const held = this.draining.filter(({ isLetGo }) => !isLetGo);
    const surplus = held.length - limits.drainingSnapshotsMax;
    return held.flatMap((one, at) => {
      const isOld = nowMs - one.sinceMs >= limits.drainTimeoutMs;
      if (!isOld && at >= surplus) return [];
      one.isLetGo = true;
      return [{ snapshot: one.snapshot, bound: isOld ? ("time" as const) : ("count" as const) }];
    });
  }
}
