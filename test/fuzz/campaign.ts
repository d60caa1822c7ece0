/** A number of cases, one after the other, each with chance of its own: what fails can be had again by its number. */
import { Random } from '../support/random.ts';
import type { Target } from './target.ts';
import { pickTarget, targets } from './targets.ts';

export interface Failure {
  number: number;
  target: string;
  error: string;
}

export interface Campaign {
  seed: number;
  from: number;
  cases: number;
  /** Told before each case. */
  begin?: (number: number, target: string) => void;
  /** Only targets of these names. */
  only?: readonly string[] | undefined;
}

export interface CampaignResult {
  failures: Failure[];
  counts: Map<string, number>;
}

/** Stops after ten failures. */
const enough = 10;
/** A case that blocks for longer hangs a window. */
const slowMs = 1_000;

export async function runCampaign({ seed, from, cases, begin, only }: Campaign): Promise<CampaignResult> {
  const among = only ? targets.filter(({ name }) => only.includes(name)) : targets;
  const failures: Failure[] = [];
  const counts = new Map<string, number>();
  let current: { number: number; target: Target } | undefined;
  const fail = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    failures.push({ number: current?.number ?? -1, target: current?.target.name ?? '', error: text });
  };
  process.on('unhandledRejection', fail);
  process.on('uncaughtException', fail);
  try {
    for (let number = from; number < from + cases && failures.length < enough; number += 1) {
      const random = new Random(Math.imul(seed, 0x9e3779b1) + number);
      const target = pickTarget(random, among);
      current = { number, target };
      counts.set(target.name, (counts.get(target.name) ?? 0) + 1);
      begin?.(number, target.name);
      const started = performance.now();
      try {
        const result = target.run(random);
        const blocked = performance.now() - started;
        if (blocked > slowMs) throw new Error(`It blocked for ${blocked.toFixed(0)} ms.`);
        if (result) await result;
      } catch (error) {
        fail(error);
      }
      // What nobody handles is reported between turns of the event loop.
      if (number % 256 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  } finally {
    process.off('unhandledRejection', fail);
    process.off('uncaughtException', fail);
  }
  return { failures, counts };
}
