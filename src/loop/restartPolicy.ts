/** How often and how fast a process that goes down is brought up again. */

const DELAYS_MS = [500, 2_000, 8_000];

export class RestartPolicy {
  private failures = 0;

  /** Milliseconds to wait before the next start, or undefined: give up and tell the user. */
  next(): number | undefined {
    const delay = DELAYS_MS[this.failures];
    this.failures += 1;
    return delay;
  }

  /** To be called when something went well. */
  reset(): void {
    this.failures = 0;
  }
}

/** The wait before a round is tried again, in milliseconds: 2 s, 8 s, 32 s … up to five minutes. */
export function retryDelay(attempts: number): number {
  return Math.min(500 * 4 ** attempts, 300_000);
}
