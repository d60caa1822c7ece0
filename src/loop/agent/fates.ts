/** What happens to a batch: pure rules for the end of a turn, and for batches that a new owner finds in flight. */
import type { InputFate, TurnOutcome } from '../../runtime/codingAgent.ts';
import type { Batch } from '../../town/records/batch.ts';
import type { BatchFate } from '../../town/plans/plans.ts';

/** Why the owner ends a turn. */
export type EndIntent = 'interrupt' | 'pause' | 'stop' | 'redisAway';

/** The fate at the end of a turn. @param again The conversation was full, and there is room again. */
export function fateAtTurnEnd(
  batch: Batch,
  outcome: TurnOutcome,
  intent: EndIntent | undefined,
  again = false,
): BatchFate {
  switch (outcome.status) {
    case 'completed':
      // A steer that was accepted but not echoed by the end of its turn did not happen.
      return batch.kind === 'steer' && !batch.delivered ? { fate: 'requeue', failed: undefined } : { fate: 'done' };
    case 'failed':
      return again ? { fate: 'requeue', failed: undefined } : fateOfFailed(batch, outcome);
    case 'interrupted':
      if (batch.kind === 'offer') return { fate: 'done' };
      if (intent === 'pause' || intent === 'redisAway') return { fate: 'requeue', failed: undefined };
      return { fate: 'hold', reason: intent === 'stop' ? 'The agent was stopped.' : 'The turn was interrupted.' };
  }
}

function fateOfFailed(batch: Batch, { trouble, message }: Extract<TurnOutcome, { status: 'failed' }>): BatchFate {
  const again: BatchFate = { fate: 'requeue', failed: undefined };
  // A steer that was not echoed by the end of its turn did not happen.
  if (batch.kind === 'steer' && !batch.delivered) return trouble === 'busy' ? { ...again, wait: true } : again;
  switch (trouble) {
    case 'signedOut':
    case 'usedUp':
      // The account holds the agent until it can work again.
      return again;
    case 'busy':
      return { ...again, wait: true };
    case 'contextFull':
    case 'needsYou':
      return batch.kind === 'offer' ? { fate: 'done' } : { fate: 'hold', reason: message };
    case 'retry':
      return { fate: 'requeue', failed: message };
  }
}

/** How the last owner ended. */
export interface LastEnd {
  /** The process, or the whole editor, crashed. This counts as an attempt; a reload does not. */
  crashed: boolean;
  reason: string;
}

/**
 * The fate of a batch that was in flight when its owner or process went away, according to the thread's history.
 * @param fate Undefined if the runtime keeps no history (one-shot).
 */
export function fateAfterRestart(
  batch: Batch,
  fate: InputFate | undefined,
  end: LastEnd,
): { fate: BatchFate; delivered: boolean } {
  const failed = end.crashed ? end.reason : undefined;
  if (fate === undefined) return { fate: { fate: 'requeue', failed }, delivered: false };
  if (!fate.found) {
    if (fate.complete) return { fate: { fate: 'requeue', failed: undefined }, delivered: false };
    const reason = 'It is not known whether the agent has seen this: its history is too long to tell.';
    return { fate: { fate: 'hold', reason }, delivered: batch.delivered };
  }
  if (fate.turn === 'completed') return { fate: { fate: 'done' }, delivered: true };
  if (batch.kind === 'offer') return { fate: { fate: 'done' }, delivered: true };
  const { refusal } = fate;
  if (fate.turn !== 'failed' || refusal === undefined || refusal.trouble === 'retry') {
    return { fate: { fate: 'requeue', failed }, delivered: true };
  }
  // A full conversation is compacted when the next try is refused.
  if (refusal.trouble === 'contextFull') return { fate: { fate: 'requeue', failed: undefined }, delivered: true };
  const refused = { status: 'failed', ...refusal } as const;
  return { fate: fateOfFailed({ ...batch, delivered: true }, refused), delivered: true };
}
