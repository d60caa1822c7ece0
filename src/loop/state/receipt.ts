/**
 * What became of each message to an agent, from Redis alone, so that every window sees the same and a reload changes nothing.
 * Pure functions turn one look at an agent's lists into receipts.
 */
import { createHash } from 'node:crypto';
import type { Batch } from '../../town/records/batch.ts';
import type { WaitingMessage } from '../../town/stores/delivery.ts';
import type { MessageSnapshot } from '../../town/stores/messageSnapshot.ts';
import { type Message, decodeMessage } from '../../town/records/messages.ts';
import type { AgentState, TaskRecord } from '../../town/records/records.ts';
import { inOrder } from '../agent/decide.ts';
import { bodyText } from '../agent/prompt.ts';
import { type QueueAction, queueActions, whyNotQueued } from './queueRules.ts';

/**
 * `queued`: waits in a list. `sent`: on its way into a turn. `delivered`: the agent's thread holds it. `settled`: its turn is
 * over, or it needed none. `held`: its turn was interrupted, and a person decides. `dead`: given up after too many attempts.
 * `uncertain`: sent by an owner or to a process that is gone; the next owner looks it up in the thread's history.
 */
export type ReceiptState = 'queued' | 'sent' | 'delivered' | 'settled' | 'held' | 'dead' | 'uncertain';

export interface Receipt {
  /** For an entry that is no message: a digest of its bytes. */
  messageId: string;
  /** The round or steer that it was sent with. Undefined while it waits, and if it needed none. */
  batchId: string | undefined;
  /** An agent's id, or the supervisor's; empty if it is no message. */
  from: string;
  type: Message['type'] | 'unreadable';
  /** The full text. For an assignment, the task's text. */
  text: string;
  /** The list that it waits in, or came from. */
  list: 'urgent' | 'inbox';
  state: ReceiptState;
  /** Unix milliseconds. */
  since: number;
  /** Why it is held or was given up. */
  reason?: string;
  /** How many turns with it have failed. For a queued message, 0 means that it was sent before and put back. */
  attempts?: number;
  /** What can be done with it while it waits. */
  can: readonly QueueAction[];
}

export type TaskOf = (id: string) => TaskRecord | undefined;

/** In the order in which they are handled: in flight, waiting, held, given up; then those that are over, the newest first. */
export function receiptsOf(look: MessageSnapshot, task: TaskOf): Receipt[] {
  const order = inOrder(look.urgent, look.inbox);
  return [
    ...look.inflight.flatMap((batch) => inFlight(batch, look, task)),
    ...order.map((waiting) => queued(waiting, order, look, task)),
    ...look.unreadable.map(({ list, raw }): Receipt => {
      const state = { list, state: 'queued', since: 0 } as const;
      return { ...said(raw, task), ...state, batchId: undefined, can: ['removeQueued'] };
    }),
    ...look.held.flatMap(({ value: { batch, heldAt, reason } }) =>
      batch.messages.map(({ raw, list }): Receipt => {
        const state = { batchId: batch.id, list, state: 'held', since: heldAt, reason } as const;
        return { ...said(raw, task), ...state, can: [] };
      }),
    ),
    ...look.dead.map(({ value: { raw, list, at, reason, attempts } }): Receipt => {
      const state = { batchId: undefined, list, state: 'dead', since: at, reason, attempts } as const;
      return { ...said(raw, task), ...state, can: [] };
    }),
    ...look.settled.map(({ raw, list, batchId, at }): Receipt => {
      const state = { batchId: batchId ?? undefined, list, state: 'settled', since: at } as const;
      return { ...said(raw, task), ...state, can: [] };
    }),
  ];
}

/** The id by which people refer to an entry of a list. */
export function elementId(raw: string | Buffer): string {
  return said(raw, () => undefined).messageId;
}

function inFlight(batch: Batch, look: MessageSnapshot, task: TaskOf): Receipt[] {
  const { id: batchId, at, delivered, deliveredAt = at } = batch;
  const reached = delivered ? 'delivered' : 'sent';
  const state = isCarried(batch, look) ? reached : 'uncertain';
  return batch.messages.map(({ id, raw, list }) => {
    const attempts = look.seen[id]?.attempts ?? 0;
    const common: Pick<Receipt, 'batchId' | 'list' | 'state' | 'since' | 'can'> = {
      batchId,
      list,
      state,
      since: delivered ? deliveredAt : at,
      can: [],
    };
    return { ...said(raw, task), ...common, ...(attempts > 0 && { attempts }) };
  });
}

/** Whether the agent's owner is alive, and has a turn that the batch can be in. */
function isCarried({ adrift = false }: Batch, { ownerLives, state }: MessageSnapshot): boolean {
  return !adrift && ownerLives && state !== undefined && mayHaveTurn[state];
}

/** A turn that is asked to end still runs for a moment. */
const mayHaveTurn: Record<AgentState, boolean> = {
  working: true,
  paused: true,
  draining: true,
  stopped: true,
  cold: false,
  starting: false,
  idle: false,
  error: false,
};

function queued(
  waiting: WaitingMessage,
  order: readonly WaitingMessage[],
  look: MessageSnapshot,
  task: TaskOf,
): Receipt {
  const { message, list } = waiting;
  const attempts = look.seen[message.id]?.attempts;
  return {
    messageId: message.id,
    batchId: undefined,
    from: message.from,
    type: message.type,
    text: bodyText(task, message),
    list,
    state: 'queued',
    since: Date.parse(message.createdAt),
    ...(attempts !== undefined && { attempts }),
    can: queueActions.filter((action) => whyNotQueued(action, waiting, order) === undefined),
  };
}

function said(raw: string | Buffer, task: TaskOf): Pick<Receipt, 'messageId' | 'from' | 'type' | 'text'> {
  const text = raw.toString();
  const message = decodeMessage(text);
  if (!message.ok) {
    return { messageId: createHash('sha1').update(raw).digest('hex'), from: '', type: 'unreadable', text };
  }
  const { id, from, type } = message.value;
  return { messageId: id, from, type, text: bodyText(task, message.value) };
}
