// Runs asynchronous acts one after another, in the order in which they were asked for.

export class Serial {
  private last: Promise<unknown> = Promise.resolve();
  private pending = 0;

  run<T>(act: () => Promise<T>): Promise<T> {
    this.pending++;
    const turn = this.last.then(act).finally(() => this.pending--);
    // The next act waits for this one's end, however it ends; the asker gets its error.
    this.last = turn.catch(() => undefined);
    return turn;
  }

  /** An act is under way or waits. */
  get isBusy(): boolean {
    return this.pending > 0;
  }
}
