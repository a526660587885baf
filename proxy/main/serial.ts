// Runs asynchronous acts one after another, in the order in which they were asked for.

export class Serial {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.last.then(act);
    // The next act waits for this one's end, however it ends; the asker gets its error.
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
