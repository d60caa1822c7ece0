/** Keys of an agent that somebody has made something else of: what is for people to see may fail, a message is never lost by it. */
import assert from 'node:assert/strict';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { TownKeys } from '../../../src/town/keys.ts';
import type { AgentRecord } from '../../../src/town/records/records.ts';
import { eventually } from '../../support/eventually.ts';
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

  it('moves it aside where a turn could not be settled, says so, and has lost nothing', async () => {
    await idle(() => [{ hold: gate().opened }]);
    const redis = town.redis.client();
    const held = keys.held(agent.id);
    await redis.set(held, 'x');
    await session.actions.sendMessage('ops', 'the work');
    await town.model.waitForRequest(() => true);
    await agentWhen(session, 'ops', (_, view) => view.turn !== undefined, 'a running turn');
    await session.actions.interrupt('ops');
    await eventually(() => session.mirror.waiting(agent.id).held === 1, { what: 'held work' });
    assert.equal(town.log.filter((line) => line.includes('held:') && line.includes('was set aside as')).length, 1);
    town.model.script = () => [{ text: 'done' }];
    await session.actions.leftovers.runAgain('ops');
    await agentWhen(session, 'ops', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.equal(town.model.userMessages().filter((text) => text.includes('the work')).length, 2, 'in full, and named');
  });
});
