/** Writes what any client of the Redis can write: an agent's record, and work for it. */
import { randomUUID } from 'node:crypto';
import { SUPERVISOR_ID, TownKeys } from '../../src/town/keys.ts';
import { RUNTIME_HOST } from '../../src/town/stores/leases.ts';
import { encodeMessage, newMessage } from '../../src/town/records/messages.ts';
import type { TestTown } from './testTown.ts';

const keys = new TownKeys('test-town');

/** Writes the record of a cold agent, overridden by `fields`, and a message to it. Resolves with the agent's id. */
export async function plantAgent(town: TestTown, name: string, fields: Record<string, string>): Promise<string> {
  const id = randomUUID();
  const now = new Date().toISOString();
  const redis = town.redis.client();
  await redis.hset(keys.agent(id), {
    id,
    name,
    spawn_mode: 'fresh',
    agent_type: 'worker',
    state: 'cold',
    created_at: now,
    last_heartbeat: now,
    last_active_at: now,
    tasks_completed: '0',
    rounds_completed: '0',
    runtime_host: RUNTIME_HOST,
    ...fields,
  });
  const body = { type: 'task', description: 'go on', from: SUPERVISOR_ID, to: id } as const;
  await redis.rpush(keys.inbox(id), encodeMessage(newMessage(body)));
  return id;
}
