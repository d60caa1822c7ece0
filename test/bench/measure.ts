/** The result type of benchmark rows, and the arithmetic that they share. */

/** One figure. `baseline` is the cost of the same thing without us, in the same unit. It is null if there is no such thing. */
export interface Measure {
  name: string;
  value: number;
  unit: string;
  baseline: number | null;
  target: number;
  /** The number of samples behind the value. */
  n: number;
  /** Which side of the target is good. */
  better: 'lower' | 'higher';
  /** A second condition besides the target. If false, the row fails. */
  alsoHolds?: boolean;
  /** How the figure was measured, for the reader. */
  note: string;
}

export interface BenchOptions {
  /** Fewer samples and shorter waits: for trying a change, not for publishing. */
  quick: boolean;
  /** The real `tt`, if one was given. */
  tt: string | undefined;
}

/** One file of `rows/`. If it cannot be measured here, it calls `skip` with the reason and resolves with nothing. */
export interface Row {
  names: readonly string[];
  run(options: BenchOptions, skip: (why: string) => void): Promise<Measure[]>;
}

export function isMet({ value, target, better, alsoHolds = true }: Measure): boolean {
  return alsoHolds && (better === 'lower' ? value <= target : value >= target);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
}

/** The slope of the line through equidistant points, by least squares. */
export function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let over = 0;
  let under = 0;
  for (const [place, value] of values.entries()) {
    over += (place - middle) * (value - mean);
    under += (place - middle) ** 2;
  }
  return over / under;
}

/**
 * Runs the sides in turn, `count` times each, so that other load on the machine affects all alike. Every other round runs in
 * reverse order. The first `warmUp` rounds do not count. Resolves with the samples of each side.
 */
export async function interleaved(
  sides: readonly (() => Promise<number>)[],
  { count, warmUp = 3 }: { count: number; warmUp?: number },
): Promise<number[][]> {
  const samples = sides.map((): number[] => []);
  for (let round = 0; round < count + warmUp; round += 1) {
    const order = [...sides.keys()];
    if (round % 2 === 1) order.reverse();
    for (const place of order) {
      const value = await sides[place]?.();
      if (round >= warmUp && value !== undefined) samples[place]?.push(value);
    }
  }
  return samples;
}

export function milliseconds(values: readonly number[]): string {
  return `${median(values).toFixed(1)} ms`;
}
