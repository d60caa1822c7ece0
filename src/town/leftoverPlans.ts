/** What a person decides about what turns left behind, as plans: anybody may apply them, of several that do one has its way. */
import type { DeadMessage, HeldBatch } from './batch.ts';
import { Plan } from './plan.ts';
import type { PlanContext } from './plans.ts';

/** Takes held work off its list; `again` puts its messages back to the front of the lists they came from. */
export function heldPlan(
  { keys, agentId }: Pick<PlanContext, 'keys' | 'agentId'>,
  raw: Buffer,
  held: HeldBatch,
  again: boolean,
): Plan {
  const key = keys.held(agentId);
  const plan = new Plan(keys, agentId).whileListed(key, raw).command('LREM', key, 1, raw);
  if (!again) return plan.activity('🗑 Held work dismissed');
  for (const message of held.batch.messages.toReversed())
    plan.command('LPUSH', keys[message.list](agentId), message.raw);
  return plan.command('HDEL', keys.turn(agentId), 'left_waiting', 'not_before').activity('▶ Held work runs again');
}

/** Takes a message that was given up off its list; `again` puts it back to the front of the list it came from, as if new. */
export function deadPlan(
  { keys, agentId }: Pick<PlanContext, 'keys' | 'agentId'>,
  raw: Buffer,
  dead: DeadMessage,
  again: boolean,
): Plan {
  const key = keys.dead(agentId);
  const plan = new Plan(keys, agentId).whileListed(key, raw).command('LREM', key, 1, raw);
  if (!again) return plan.activity('🗑 A message that was given up was dismissed');
  return plan
    .command('LPUSH', keys[dead.list](agentId), dead.raw)
    .command('HDEL', keys.turn(agentId), 'left_waiting', 'not_before')
    .activity('▶ A message that was given up is tried again');
}
