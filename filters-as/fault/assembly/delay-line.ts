// Requests that are held until their time is over. Bounded, made once; adding and releasing allocate nothing.

import { ReusedStream, clock } from "@sluice/sdk-filter/assembly";

/** Requests one worker holds at a time; a further one is not delayed. */
const HELD_MAX: i32 = 1000;

/** Requests let go in one tick: a callback may ask the host for so many things at once. The rest goes in the next. */
const RELEASED_MAX: i32 = 200;

/** A stream that can be held. */
export abstract class Delayed extends ReusedStream {
  /** Its time is over. Called in a tick: `enter` first. */
  abstract release(): void;
}

@final
export class DelayLine {
  private count: i32 = 0;
  private readonly streams: StaticArray<Delayed | null> = new StaticArray<Delayed | null>(HELD_MAX);
  /** Whose stream it was: an object may serve another one meanwhile. */
  private readonly ids: StaticArray<u32> = new StaticArray<u32>(HELD_MAX);
  private readonly startMs: StaticArray<i64> = new StaticArray<i64>(HELD_MAX);
  private readonly dueMs: StaticArray<i64> = new StaticArray<i64>(HELD_MAX);

  get isEmpty(): bool {
    return this.count == 0;
  }

  /** False when as many are held as may be. */
  add(stream: Delayed, delayMs: i64): bool {
    if (this.count == HELD_MAX) return false;
    const now = clock.nowMs();
    unchecked((this.streams[this.count] = stream));
    unchecked((this.ids[this.count] = stream.id));
    unchecked((this.startMs[this.count] = now));
    unchecked((this.dueMs[this.count] = now + delayMs));
    this.count++;
    return true;
  }

  /** Lets those go whose time is over, and forgets those whose client has left. */
  release(): void {
    const now = clock.nowMs();
    let released = 0;
    for (let at = this.count - 1; at >= 0; at--) {
      const stream = unchecked(this.streams[at])!;
      const isGone = stream.id != unchecked(this.ids[at]);
      // A clock that was set back must hold nobody longer.
      const isDue = now >= unchecked(this.dueMs[at]) || now < unchecked(this.startMs[at]);
      if (!isGone && (!isDue || released == RELEASED_MAX)) continue;
      this.remove(at);
      if (isGone) continue;
      stream.release();
      released++;
    }
  }

  /** The last one takes the place. */
  private remove(at: i32): void {
    this.count--;
    unchecked((this.streams[at] = this.streams[this.count]));
    unchecked((this.ids[at] = this.ids[this.count]));
    unchecked((this.startMs[at] = this.startMs[this.count]));
    unchecked((this.dueMs[at] = this.dueMs[this.count]));
    unchecked((this.streams[this.count] = null));
  }
}
