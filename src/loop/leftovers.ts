/** What turns left behind and a person decides on: work held after an interrupt, and messages given up after too many attempts. */
import { deadPlan, heldPlan } from '../town/plans.ts';
import type { AgentRecord } from '../town/records.ts';
import type { Town } from '../town/town.ts';
import { TinytownError } from '../util/errors.ts';

/** Gives held work back to the agent (`again`), or drops it. @throws TinytownError `nothingHeld` */
export async function settleHeld({ keys, delivery }: Town, agent: AgentRecord, again: boolean): Promise<void> {
  const held = await delivery.held(agent.id);
  if (held.length === 0) throw new TinytownError('nothingHeld', `${agent.name} holds no interrupted work.`);
  // The newest first: each is put before the one that came after it.
  for (const { raw, value } of held.toReversed()) {
    await delivery.apply(heldPlan({ keys, agentId: agent.id }, raw, value, again));
  }
}

/** Tries messages again that were given up (`again`), or drops them. @throws TinytownError `nothingDead` */
export async function settleDead({ keys, delivery }: Town, agent: AgentRecord, again: boolean): Promise<void> {
  const dead = await delivery.dead(agent.id);
  if (dead.length === 0) throw new TinytownError('nothingDead', `${agent.name} has no messages that were given up.`);
  for (const { raw, value } of dead.toReversed()) {
    await delivery.apply(deadPlan({ keys, agentId: agent.id }, raw, value, again));
  }
}
