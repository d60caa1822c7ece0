/** Runs asynchronous jobs one at a time, in the order they were added. A failed job rejects only for its caller. */
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

  /** Resolves when everything added so far has finished. */
  async idle(): Promise<void> {
    await this.tail;
  }
}
