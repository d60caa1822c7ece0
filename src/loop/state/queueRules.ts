/** What a person may do with messages that wait for an agent, and if not, why. Menus and commands share these rules. */
import type { WaitingMessage } from '../../town/stores/delivery.ts';
import { SUPERVISOR_ID } from '../../town/keys.ts';
import { hasText } from '../../town/plans/queuePlans.ts';
import { type Sentence, say } from '../../util/sentence.ts';
import { goesByTime } from '../agent/decide.ts';

export const queueActions = ['editQueued', 'moveQueuedUp', 'moveQueuedDown', 'promoteQueued', 'removeQueued'] as const;

export type QueueAction = (typeof queueActions)[number];

/**
 * Why `action` cannot be done with a waiting message, as a sentence. Undefined if it can.
 * @param order All messages that wait for the agent, in the order of handling.
 */
export function whyNotQueued(
  action: QueueAction,
  waiting: WaitingMessage,
  order: readonly WaitingMessage[],
): Sentence | undefined {
  switch (action) {
    case 'editQueued':
      if (waiting.message.from !== SUPERVISOR_ID)
        return say('Another agent wrote this message. You can edit only your own messages.');
      return hasText(waiting.message) ? undefined : say('This message has no text to edit.');
    case 'moveQueuedUp':
    case 'moveQueuedDown':
      return whyNotMoved(action, waiting, order);
    case 'promoteQueued':
      return waiting.list === 'urgent' ? say('This message is already urgent.') : undefined;
    case 'removeQueued':
      return undefined;
  }
}

/** The messages whose order a person may change, in that order. */
export function movableOf(order: readonly WaitingMessage[]): WaitingMessage[] {
  return order.filter((one) => !goesByTime(one));
}

/** The message that the given one would change places with; undefined at the end. */
export function neighbourOf(
  action: 'moveQueuedUp' | 'moveQueuedDown',
  waiting: WaitingMessage,
  order: readonly WaitingMessage[],
): WaitingMessage | undefined {
  const movable = movableOf(order);
  const place = movable.findIndex(({ message }) => message.id === waiting.message.id);
  return place < 0 ? undefined : movable[action === 'moveQueuedUp' ? place - 1 : place + 1];
}

function whyNotMoved(
  action: 'moveQueuedUp' | 'moveQueuedDown',
  waiting: WaitingMessage,
  order: readonly WaitingMessage[],
): Sentence | undefined {
  if (goesByTime(waiting)) return say('Urgent messages are ordered by time, so this one cannot be moved.');
  if (neighbourOf(action, waiting, order)) return undefined;
  return action === 'moveQueuedUp'
    ? say('This message is the first one that can be moved.')
    : say('This message is the last one.');
}
