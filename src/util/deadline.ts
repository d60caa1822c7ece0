/** Waits for a time of day without trusting the wall clock. */

export interface Clock {
  /** Unix milliseconds. People and time servers set this clock. */
  wall(): number;
  /** Milliseconds that only grow. They may stand still while the machine sleeps. */
  steady(): number;
}

export const systemClock: Clock = { wall: () => Date.now(), steady: () => performance.now() };

/**
 * Passes at a wall clock time, even after a sleep, and at the latest `longestMs` after it was created, however far back the
 * clock was set.
 */
export class Deadline {
  /** Unix milliseconds. */
  readonly at: number;
  private readonly clock: Clock;
  private readonly end: number;

  constructor(at: number, longestMs: number, clock: Clock = systemClock) {
    this.at = at;
    this.clock = clock;
    this.end = clock.steady() + Math.min(Math.max(0, at - clock.wall()), longestMs);
  }

  /** 0 once it has passed. */
  get remainingMs(): number {
    return Math.max(0, Math.min(this.at - this.clock.wall(), this.end - this.clock.steady()));
  }
}
