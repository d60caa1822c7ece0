/** What turns left behind and a person decides on: work held after an interrupt, and messages given up after too many attempts. */
import { deadPlan, heldPlan } from '../town/leftoverPlans.ts';
import type { AgentRecord } from '../town/records.ts';
import type { Town } from '../town/town.ts';
import { TinytownError } from '../util/errors.ts';
import { say } from '../util/sentence.ts';
import { elementId } from './receipt.ts';

/**
 * Gives held work back to the agent (`again`), or drops it: all of it, or one round.
 * @throws TinytownError `nothingHeld`
 */
export async function settleHeld(
  { keys, delivery }: Town,
  agent: AgentRecord,
  again: boolean,
  batchId?: string,
): Promise<void> {
  const held = await delivery.held(agent.id);
  if (held.length === 0) throw new TinytownError('nothingHeld', say('{0} holds no interrupted work.', agent.name));
  const meant = held.filter(({ value }) => batchId === undefined || value.batch.id === batchId);
  if (meant.length === 0) throw new TinytownError('nothingHeld', 'This was run again or dismissed already.');
  // The newest first: each is put before the one that came after it.
  for (const { raw, value } of meant.toReversed()) {
    await delivery.apply(heldPlan({ keys, agentId: agent.id }, raw, value, again));
  }
}

/**
 * Tries messages again that were given up (`again`), or drops them: all, or one.
 * @throws TinytownError `nothingDead`
 */
export async function settleDead(
  { keys, delivery }: Town,
  agent: AgentRecord,
  again: boolean,
  messageId?: string,
): Promise<void> {
  const dead = await delivery.dead(agent.id);
  if (dead.length === 0)
    throw new TinytownError('nothingDead', say('{0} has no messages that were given up.', agent.name));
  const meant = dead.filter(({ value }) => messageId === undefined || elementId(value.raw) === messageId);
  if (meant.length === 0) throw new TinytownError('nothingDead', 'This was tried again or dismissed already.');
  for (const { raw, value } of meant.toReversed()) {
    await delivery.apply(deadPlan({ keys, agentId: agent.id }, raw, value, again));
  }
}
