/**
 * Keeps a loop from spinning: passes that follow each other without a wait become slower and slower, whatever makes the loop
 * believe that there is more to do. Between them its queue is free for a stop or a restart.
 */

/** Passes in a row that cost nothing: more than any orderly change of an agent takes. */
const FREE = 20;
const FIRST_MS = 20;
const LONGEST_MS = 2_000;

export class Pace {
  private passes = 0;

  /** To be called after each pass: how long to rest before the next one, in milliseconds; mostly 0. */
  next(): number {
    this.passes += 1;
    const over = this.passes - FREE;
    return over <= 0 ? 0 : Math.min(FIRST_MS * 2 ** Math.min(over - 1, 16), LONGEST_MS);
  }

  /** The loop has come to a wait, or somebody asks for a fresh start. */
  reset(): void {
    this.passes = 0;
  }
}
