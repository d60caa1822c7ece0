/** Keys of an agent that somebody has made something else of: what is for people to see may fail, a message is never lost by it. */
import assert from 'node:assert/strict';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { TownKeys } from '../../../src/town/keys.ts';
import type { AgentRecord } from '../../../src/town/records.ts';
import { gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

const keys = new TownKeys('test-town');

describe('an agent with a key of the wrong type', function () {
  this.timeout(60_000);
  let town: TestTown;
  let session: TownSession;
  let agent: AgentRecord;

  closesAfterEach(() => town);

  async function idle(...args: Parameters<typeof startTestTown>): Promise<void> {
    town = await startTestTown(...args);
    session = await town.open();
    await session.actions.spawnAgent({ name: 'ops' });
    agent = await agentWhen(session, 'ops', (it) => it.state === 'idle', 'idle');
  }

  it('works where that only tells people', async () => {
    await idle();
    const { id } = agent;
    await town.redis
      .client()
      .mset(keys.activity(id), 'x', keys.settled(id), 'x', keys.events, 'x', keys.agentEvents(id), 'x');
    await session.actions.sendMessage('ops', 'the work');
    await agentWhen(session, 'ops', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.equal(town.model.requests.length, 1);
  });

  it('stops and says why where a turn cannot be settled, and has lost nothing', async () => {
    await idle(() => [{ hold: gate().opened }]);
    const redis = town.redis.client();
    const held = keys.held(agent.id);
    await redis.set(held, 'x');
    await session.actions.sendMessage('ops', 'the work');
    await town.model.waitForRequest(() => true);
    await agentWhen(session, 'ops', (_, view) => view.turn !== undefined, 'a running turn');
    await session.actions.interrupt('ops');
    const failed = await agentWhen(session, 'ops', (it) => it.state === 'error', 'in error');
    assert.match(failed.lastError ?? '', /held:.* is a string where a list should be\..*delete it in Redis/);
    await redis.del(held);
    town.model.script = () => [{ text: 'done' }];
    await session.actions.restartAgent('ops');
    await agentWhen(session, 'ops', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.equal(town.model.userMessages().filter((text) => text.includes('the work')).length, 2, 'in full, and named');
  });
});
