/** How often and how fast a process that goes down is brought up again. */
import type { TurnRecord } from '../../town/batch.ts';
import { BUSY_ATTEMPTS } from '../../town/plans.ts';
import type { LoopFacts } from './decide.ts';

const STARTS = 3;

/** A round that failed and is tried again. */
export interface Retry {
  /** The number of the next attempt, from 2. */
  attempt: number;
  /** How many attempts there are. */
  of: number;
  /** When it begins, in Unix milliseconds. */
  at: number;
}

/** What an agent tries again after a failure; undefined while it does not wait for that. */
export function retryOf(
  { turn, waiting, notBefore, now }: Pick<LoopFacts, 'turn' | 'waiting' | 'notBefore' | 'now'>,
  { seen }: Pick<TurnRecord, 'seen'>,
  maxAttempts: number,
): Retry | undefined {
  const failed = Math.max(0, ...waiting.map(({ message }) => seen[message.id]?.attempts ?? 0));
  if (turn !== 'none' || failed === 0 || notBefore <= now) return undefined;
  return { attempt: failed + 1, of: maxAttempts, at: notBefore };
}

/** The first wait before something that failed is tried again, in milliseconds; each later one is four times as long. */
export const RETRY_MS = 500;

export class RestartPolicy {
  private readonly firstMs: number;
  private failures = 0;

  constructor(firstMs = RETRY_MS) {
    this.firstMs = firstMs;
  }

  /** Milliseconds to wait before the next start, or undefined: give up and tell the user. */
  next(): number | undefined {
    const delay = this.failures < STARTS ? this.firstMs * 4 ** this.failures : undefined;
    this.failures += 1;
    return delay;
  }

  /** To be called when something went well. */
  reset(): void {
    this.failures = 0;
  }
}

/** No round waits longer after a failure, in milliseconds. */
const LONGEST_DELAY_MS = 300_000;

/** The wait before a round is tried again, in milliseconds: 2 s, 8 s, 32 s … up to five minutes. */
export function retryDelay(attempts: number, firstMs = RETRY_MS): number {
  return Math.min(firstMs * 4 ** attempts, LONGEST_DELAY_MS);
}

/** The longest wait that can stand in a turn's record, in milliseconds, whatever the clock of the window that wrote it said. */
export function longestDelay({ seen }: Pick<TurnRecord, 'seen'>, firstMs = RETRY_MS): number {
  const attempts = Object.values(seen).map((message) => message.attempts);
  return retryDelay(Math.max(BUSY_ATTEMPTS, ...attempts), firstMs);
}
