/** An agent moves from one living window to another, in the middle of a turn. */
import assert from 'node:assert/strict';
import { eventually } from '../../support/eventually.ts';
import { gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, startTestTown } from '../../support/testTown.ts';

describe('taking over an agent', function () {
  this.timeout(60_000);
  let town: TestTown;

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') process.stderr.write(`${town.log.join('\n')}\n`);
    await town.close();
  });

  it('continues its turn in the window that asked, and leaves it there', async () => {
    town = await startTestTown(({ index }) => (index === 0 ? [{ hold: gate().opened }] : [{ text: 'done' }]));
    const first = await town.open();
    const agent = await first.actions.spawnAgent({ name: 'ops', task: 'deploy' });
    await town.model.waitForRequest(({ index }) => index === 0);
    await agentWhen(first, 'ops', (_, view) => view.turn !== undefined, 'a running turn');
    const second = await town.open();
    await eventually(() => second.crew.view(agent.id).owner === 'elsewhere', { what: 'seen in the other window' });
    await assert.rejects(first.actions.takeOver('ops'), { reason: 'wrongState' });
    await second.actions.takeOver('ops');
    assert.ok(second.crew.owns(agent.id));
    assert.equal(first.crew.owns(agent.id), false);
    const continued = await town.model.waitForRequest(({ index }) => index === 1);
    assert.match(continued.lastUserText, /was cut off/);
    assert.equal(continued.userTexts.length, 2);
    const done = await agentWhen(second, 'ops', (it) => it.state === 'idle', 'idle');
    await eventually(() => first.crew.view(agent.id).owner === 'elsewhere', {
      timeout: 15_000,
      what: 'known to have gone',
    });
    assert.ok(done.runtimeSessionId);
    assert.ok(second.crew.owns(agent.id), 'it went back');
  });

  it('says so where no window has it', async () => {
    town = await startTestTown();
    const session = await town.open();
    await session.actions.spawnAgent({ name: 'ops' });
    await agentWhen(session, 'ops', (it) => it.state === 'idle', 'idle');
    await session.actions.closeAgent('ops');
    await agentWhen(session, 'ops', (it, view) => it.state === 'cold' && view.owner === 'none', 'cold');
    await assert.rejects(session.actions.takeOver('ops'), { reason: 'wrongState' });
  });
});
