/** Another client of the same Redis writes the id of somebody else into an agent's record, so that the agent acts as them. */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Redis } from 'ioredis';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { SUPERVISOR_ID, TownKeys } from '../../../src/town/keys.ts';
import type { AgentRecord } from '../../../src/town/records/records.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

const keys = new TownKeys('test-town');

describe('a record with the id of somebody else', () => {
  let town: TestTown;
  let session: TownSession;
  let redis: Redis;
  let agent: AgentRecord;
  closesAfterEach(() => town);

  beforeEach(async () => {
    town = await startTestTown();
    session = await town.open({}, { retryMs: 20 });
    redis = town.redis.client();
    agent = await session.actions.spawnAgent({ name: 'ops' });
    await agentWhen(session, 'ops', (it) => it.state === 'idle', 'idle');
  });

  /** Whom the access files of the town let somebody act as. */
  async function actors(): Promise<string[]> {
    const folder = path.join(town.storage, 'access');
    const files = await Promise.all((await readdir(folder)).map((name) => readFile(path.join(folder, name), 'utf8')));
    return files.map((text) => (JSON.parse(text) as { self: string }).self).toSorted();
  }

  it('does not make a running agent act as another one', async () => {
    const other = '11111111-2222-4333-8444-555555555555';
    const before = await actors();
    const { pid } = session.runner.view(agent.id);
    assert.ok(pid);
    await redis.hset(keys.agent(agent.id), 'id', other);
    // Its session is lost: the next one is made from the record.
    process.kill(pid);
    await eventually(() => town.log.some((line) => line.includes('has the id of another key')), {
      what: 'the refusal',
    });
    assert.deepEqual(await actors(), before);
    await redis.hset(keys.agent(agent.id), 'id', agent.id);
    await session.actions.sendMessage('ops', 'go on');
    await agentWhen(session, 'ops', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'a round');
  });

  it('does not run an agent as the supervisor, who keeps the messages', async () => {
    const record = await redis.hgetall(keys.agent(agent.id));
    await redis.hset(keys.agent(SUPERVISOR_ID), { ...record, id: SUPERVISOR_ID, name: 'helper', state: 'starting' });
    await eventually(() => session.mirror.problems.some(({ key }) => key === keys.agent(SUPERVISOR_ID)), {
      what: 'the record is set aside',
    });
    assert.equal(session.runner.owns(SUPERVISOR_ID), false);
    assert.equal(await redis.exists(keys.lease(SUPERVISOR_ID)), 0);
  });
});
