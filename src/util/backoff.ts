/** When to try again: growing pauses with jitter, and an end. Pure, so tests need no clock. */

export interface BackoffOptions {
  /** The first pause in milliseconds, before jitter. */
  firstMs: number;
  /** No pause is longer. */
  maxMs: number;
  /** How many pauses there are before giving up. */
  attempts: number;
  /** A number in [0, 1). */
  random?: () => number;
}

/** Doubles the pause each time, and takes between half of it and all of it at random, so that clients do not retry in step. */
export class Backoff {
  private readonly options: BackoffOptions;
  private used = 0;

  constructor(options: BackoffOptions) {
    this.options = options;
  }

  /** The next pause in milliseconds; undefined when it is time to give up. */
  next(): number | undefined {
    const { firstMs, maxMs, attempts, random = Math.random } = this.options;
    if (this.used >= attempts) return undefined;
    const pause = Math.min(maxMs, firstMs * 2 ** this.used);
    this.used += 1;
    return Math.round((pause / 2) * (1 + random()));
  }

  reset(): void {
    this.used = 0;
  }
}
