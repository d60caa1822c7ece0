/** A town for one test, in the test's own Redis. */
import { randomBytes, randomUUID } from 'node:crypto';
import { TownKeys } from '../../src/town/keys.ts';
import type { AgentRecord } from '../../src/town/records/records.ts';
import { type TownRedis, openRedis } from '../../src/town/redis/connect.ts';
import { silentLogger } from '../../src/util/logger.ts';
import { type TestRedis, startTestRedis } from './redis.ts';

export interface TestTown {
  server: TestRedis;
  redis: TownRedis;
  keys: TownKeys;
  close(): Promise<void>;
}

export async function openTestTown({
  args = [],
  name = `town ${randomBytes(4).toString('hex')}`,
}: { args?: readonly string[]; name?: string } = {}): Promise<TestTown> {
  const server = await startTestRedis({ args });
  const redis = await openRedis({ kind: 'url', source: 'setting', url: server.url }, silentLogger);
  const keys = new TownKeys(name);
  return {
    server,
    redis,
    keys,
    async close() {
      redis.close();
      await server.stop();
    },
  };
}

/** A new agent's record, idle unless `fields` says otherwise. */
export function testAgent(name: string, fields: Partial<AgentRecord> = {}): AgentRecord {
  const now = new Date().toISOString();
  return {
    id: randomUUID(),
    name,
    spawnMode: 'fresh',
    agentType: 'worker',
    state: 'idle',
    cli: 'codex',
    createdAt: now,
    lastHeartbeat: now,
    lastActiveAt: now,
    tasksCompleted: 0,
    roundsCompleted: 0,
    ...fields,
  };
}
