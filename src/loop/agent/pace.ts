/**
 * Keeps a loop from spinning. Passes that follow each other without a wait become slower and slower, whatever the cause.
 * Between passes, the loop's queue is free for a stop or a restart.
 */

/** Passes in a row without a rest: more than any normal change of an agent needs. */
const FREE = 20;
const FIRST_MS = 20;
const LONGEST_MS = 2_000;

export class Pace {
  private passes = 0;

  /** Call after each pass. Returns how long to rest before the next one, in milliseconds; mostly 0. */
  next(): number {
    this.passes += 1;
    const over = this.passes - FREE;
    return over <= 0 ? 0 : Math.min(FIRST_MS * 2 ** Math.min(over - 1, 16), LONGEST_MS);
  }

  /** Call when the loop waits, or when somebody asks for a fresh start. */
  reset(): void {
    this.passes = 0;
  }
}
