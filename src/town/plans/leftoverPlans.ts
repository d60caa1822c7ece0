/** Plans for a person's decisions about what turns left behind. Anybody may apply them. If several do, the first one wins. */
import type { DeadMessage, HeldBatch } from '../records/batch.ts';
import { Plan } from './plan.ts';
import type { PlanContext } from './plans.ts';

/** Takes held work off its list. With `again`, its messages go back to the front of their lists. */
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

/** Takes a given-up message off its list. With `again`, it goes back to the front of its list, as if new. */
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
