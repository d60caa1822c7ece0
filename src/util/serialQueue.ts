/** Runs asynchronous jobs one after the other, in the order they were added. A job's failure is its caller's, not the queue's. */
export class SerialQueue {
  private tail: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  /** How many jobs wait or run. */
  get size(): number {
    return this.waiting;
  }

  run<T>(job: () => Promise<T> | T): Promise<T> {
    this.waiting += 1;
    const result = this.tail.then(job);
    this.tail = result
      .catch(() => undefined)
      .finally(() => {
        this.waiting -= 1;
      });
    return result;
  }

  /** Resolves when everything added so far is over. */
  async idle(): Promise<void> {
    await this.tail;
  }
}
