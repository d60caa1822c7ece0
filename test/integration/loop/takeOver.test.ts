/** An agent moves from one living window to another, in the middle of a turn. */
import assert from 'node:assert/strict';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { TownKeys } from '../../../src/town/keys.ts';
import { startTimeOf } from '../../../src/process/processTable.ts';
import { eventually } from '../../support/eventually.ts';
import { gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

/** Who has the agent, as a window shows it: each change. */
function ownersOf({ runner }: TownSession, agentId: string): string[] {
  const owners: string[] = [runner.view(agentId).owner];
  runner.onDidChangeView(() => {
    const { owner } = runner.view(agentId);
    if (owner !== owners.at(-1)) owners.push(owner);
  });
  return owners;
}

describe('taking over an agent', () => {
  let town: TestTown;

  closesAfterEach(() => town);

  it('continues its turn in the window that asked, and leaves it there', async () => {
    town = await startTestTown(({ index }) => (index === 0 ? [{ hold: gate().opened }] : [{ text: 'done' }]));
    // So long that no renewal of it can be what tells the first window.
    const times = { leaseMs: 90_000 };
    const first = await town.open({}, times);
    const agent = await first.actions.spawnAgent({ name: 'ops', task: 'deploy' });
    await town.model.waitForRequest(({ index }) => index === 0);
    await agentWhen(first, 'ops', (_, view) => view.turn !== undefined, 'a running turn');
    const second = await town.open({}, times);
    await eventually(() => second.runner.view(agent.id).owner === 'elsewhere', { what: 'seen in the other window' });
    await assert.rejects(first.actions.takeOver('ops'), { reason: 'wrongState' });
    const seen = ownersOf(first, agent.id);
    await second.actions.takeOver('ops');
    await eventually(() => seen.at(-1) === 'elsewhere', { what: 'known to have gone' });
    assert.ok(second.runner.owns(agent.id));
    assert.equal(first.runner.owns(agent.id), false);
    const continued = await town.model.waitForRequest(({ index }) => index === 1);
    assert.match(continued.lastUserText, /was cut off/);
    assert.equal(continued.userTexts.length, 2);
    const done = await agentWhen(second, 'ops', (it) => it.state === 'idle', 'idle');
    assert.ok(done.runtimeSessionId);
    assert.ok(second.runner.owns(agent.id), 'it went back');
  });

  it('has its old process gone by the time that its old window has closed', async () => {
    town = await startTestTown();
    const first = await town.open({}, { leaseMs: 300 });
    const { id } = await first.actions.spawnAgent({ name: 'ops' });
    await agentWhen(first, 'ops', (it, view) => it.state === 'idle' && view.pid !== undefined, 'up');
    const { pid } = first.runner.view(id);
    assert.ok(pid);
    // So that its end takes until the window closes.
    process.kill(pid, 'SIGSTOP');
    const keys = new TownKeys('test-town');
    const other = 'elsewhere/1/1/x';
    await town.redis.client().mset(keys.windowLease(other), '1', keys.lease(id), other);
    await eventually(() => town.log.some((line) => line.includes('Another window has taken ops')));
    const closed = first.close();
    process.kill(pid, 'SIGCONT');
    await closed;
    assert.equal(await startTimeOf(pid), undefined);
  });

  it('is known of a paused agent by a window that comes later', async () => {
    town = await startTestTown();
    const first = await town.open();
    const { id } = await first.actions.spawnAgent({ name: 'ops' });
    await agentWhen(first, 'ops', (it) => it.state === 'idle', 'idle');
    await first.actions.pauseAgent('ops');
    const second = await town.open();
    await eventually(() => second.runner.view(id).owner === 'elsewhere', { what: 'seen in the other window' });
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
