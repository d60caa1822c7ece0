/** Reproducible random numbers: every decision of a run comes from its seed. */

export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A number in [0, 1). Uses mulberry32, which is small and good enough for this. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of `choices`, which must not be empty. */
  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.whole(0, choices.length - 1)];
    if (choice === undefined) throw new RangeError('There is nothing to choose from.');
    return choice;
  }

  /** One of `choices`, in proportion to their weights. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
    const choices = Object.keys(weights) as T[];
    let left = this.next() * choices.reduce((sum, choice) => sum + weights[choice], 0);
    for (const choice of choices) {
      left -= weights[choice];
      if (left < 0) return choice;
    }
    return this.pick(choices);
  }
}
