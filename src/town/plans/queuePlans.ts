/**
 * A person's changes to messages that still wait. Each is one plan over the exact bytes in the list. It applies atomically, and
 * not at all if the message was taken meanwhile. `tt` reads the lists as before.
 */
import * as z from 'zod/mini';
import type { WaitingMessage } from '../stores/delivery.ts';
import type { TownKeys } from '../keys.ts';
import type { MessageSnapshot } from '../stores/messageSnapshot.ts';
import type { Message } from '../records/messages.ts';
import { Plan } from './plan.ts';
import { type TaskRecord, parseJson } from '../records/records.ts';
import { wellFormedJson } from '../../util/text.ts';

interface Place {
  keys: TownKeys;
  agentId: string;
}

/** An element of a list, with its exact bytes. */
type Element = Pick<WaitingMessage, 'list' | 'raw'>;

const anyObject = z.record(z.string(), z.unknown());

/** The JSON field that holds a message's text. An assignment's text is its task's. Confirmations have none. */
const textFields: { readonly [T in Message['type']]?: string } = {
  task: 'description',
  query: 'question',
  informational: 'summary',
  custom: 'payload',
};

/** Whether {@link editPlan} can give such a message another text. */
export function hasText({ type }: Message): boolean {
  return type === 'task_assign' || textFields[type] !== undefined;
}

/**
 * Gives a waiting message another text. Place, id, sender and time stay, and so do fields from other writers. For an assignment,
 * the text becomes the description of `task`. `proof` shows that the text is the person's.
 */
export function editPlan(
  place: Place,
  waiting: WaitingMessage,
  text: string,
  facts: { look: MessageSnapshot; task: TaskRecord | undefined; proof: string | undefined; now: number },
): Plan {
  const plan = changePlan(place, waiting, '✎ A waiting message was edited');
  const { message, list, raw } = waiting;
  const { look, task, proof, now } = facts;
  // A thread that has the whole old text would otherwise get only a few words of the new one.
  rewriteSeen(plan, place, look, message.id, 'sendWhole');
  if (message.type === 'task_assign') {
    if (!task) return plan;
    const key = place.keys.task(task.id);
    return plan.whileOpen(key).fields(key, { description: text, updated_at: new Date(now).toISOString() });
  }
  const key = place.keys[list](place.agentId);
  const edited = withText(raw, message, text, proof);
  return plan.command('LINSERT', key, 'BEFORE', raw, edited).command('LREM', key, 1, raw);
}

/** Puts a waiting message right before or after another one of the same list. */
export function movePlan(
  place: Place,
  waiting: WaitingMessage,
  where: 'BEFORE' | 'AFTER',
  other: WaitingMessage,
): Plan {
  const key = place.keys[waiting.list](place.agentId);
  return changePlan(place, waiting, '↕ A waiting message was moved')
    .whileListed(key, other.raw)
    .command('LREM', key, 1, waiting.raw)
    .command('LINSERT', key, where, other.raw, waiting.raw);
}

/** Moves a message from the inbox to the urgent list. It steers the running turn, or wakes the agent. */
export function promotePlan(place: Place, waiting: WaitingMessage): Plan {
  const { keys, agentId } = place;
  return changePlan(place, waiting, '⚡ A waiting message was made urgent')
    .command('LREM', keys.inbox(agentId), 1, waiting.raw)
    .command('LPUSH', keys.urgent(agentId), waiting.raw)
    .command('HDEL', keys.turn(agentId), 'left_waiting', 'not_before');
}

/** Takes a waiting element off its list, even if it is not a message. */
export function removePlan(place: Place, waiting: Element & { message?: Message }, look: MessageSnapshot): Plan {
  const plan = changePlan(place, waiting, '🗑 A waiting message was removed');
  if (waiting.message) rewriteSeen(plan, place, look, waiting.message.id, 'forget');
  return plan.command('LREM', place.keys[waiting.list](place.agentId), 1, waiting.raw);
}

/** A plan that applies only while the element still waits. */
function changePlan({ keys, agentId }: Place, { list, raw }: Element, activity: string): Plan {
  const plan = new Plan(keys, agentId).whileListed(keys[list](agentId), raw);
  // Without notifications, polling cannot see a change in the middle of a list. This counter shows it.
  return plan.command('HINCRBY', keys.turn(agentId), 'queue_changes', 1).activity(activity);
}

/** Updates what earlier turns left behind about a message. */
function rewriteSeen(
  plan: Plan,
  { keys, agentId }: Place,
  look: MessageSnapshot,
  id: string,
  how: 'sendWhole' | 'forget',
): void {
  const known = look.seen[id];
  if (!known || look.seenText === undefined) return;
  const { [id]: _gone, ...others } = look.seen;
  const seen = how === 'forget' ? others : { ...others, [id]: { ...known, threadId: null } };
  const text = Object.keys(seen).length === 0 ? undefined : wellFormedJson(seen);
  plan.whileValue(keys.turn(agentId), 'seen', look.seenText).fields(keys.turn(agentId), { seen: text });
}

function withText(raw: Buffer, message: Message, text: string, proof: string | undefined): string {
  const field = textFields[message.type];
  const json = anyObject.safeParse(parseJson(raw.toString()));
  if (field === undefined || !json.success) return raw.toString();
  return wellFormedJson({ ...json.data, [field]: text, proof });
}
