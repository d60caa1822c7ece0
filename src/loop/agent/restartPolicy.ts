/** How often and how fast a process that went down is restarted, and a failed round is retried. */
import type { TurnRecord } from '../../town/records/batch.ts';
import { BUSY_ATTEMPTS } from '../../town/plans/plans.ts';
import type { LoopFacts } from './decide.ts';

const STARTS = 3;

/** A failed round that will be tried again. */
export interface Retry {
  /** The number of the next attempt, from 2. */
  attempt: number;
  /** The most attempts. */
  of: number;
  /** When it begins, in Unix milliseconds. */
  at: number;
}

/** The retry that an agent waits for after a failure, if any. */
export function retryOf(
  { turn, waiting, notBefore, now }: Pick<LoopFacts, 'turn' | 'waiting' | 'notBefore' | 'now'>,
  { seen }: Pick<TurnRecord, 'seen'>,
  maxAttempts: number,
): Retry | undefined {
  const failed = Math.max(0, ...waiting.map(({ message }) => seen[message.id]?.attempts ?? 0));
  if (turn !== 'none' || failed === 0 || notBefore <= now) return undefined;
  return { attempt: failed + 1, of: maxAttempts, at: notBefore };
}

/** The wait before the first retry, in milliseconds. Each later one is four times as long. */
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

  /** Call after a success. */
  reset(): void {
    this.failures = 0;
  }
}

/** The longest wait of a round after a failure, in milliseconds. */
const LONGEST_DELAY_MS = 300_000;

/** The wait before a round is tried again, in milliseconds: 2 s, 8 s, 32 s … up to five minutes. */
export function retryDelay(attempts: number, firstMs = RETRY_MS): number {
  return Math.min(firstMs * 4 ** attempts, LONGEST_DELAY_MS);
}

/** The longest wait that a turn's record can ask for, in milliseconds, whatever its writer's clock said. */
export function longestDelay({ seen }: Pick<TurnRecord, 'seen'>, firstMs = RETRY_MS): number {
  const attempts = Object.values(seen).map((message) => message.attempts);
  return retryDelay(Math.max(BUSY_ATTEMPTS, ...attempts), firstMs);
}
