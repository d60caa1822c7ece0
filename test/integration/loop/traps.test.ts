/** Traps of the app-server that show only in a whole town (see "Traps that other clients fell into" in `app-server.md`). */
import assert from 'node:assert/strict';
import { eventually } from '../../support/eventually.ts';
import { gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown, timesDelivered } from '../../support/testTown.ts';

describe('an app-server that gives no reply', () => {
  let town: TestTown;

  closesAfterEach(() => town);

  it('to the start of a turn is replaced: its message is looked up, and delivered once', async () => {
    town = await startTestTown();
    const session = await town.open({ maxAttempts: 1 }, { replyMs: 2_000, retryMs: 20 });
    const agent = await session.actions.spawnAgent({ name: 'web', task: 'first' });
    await agentWhen(session, 'web', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    const { pid } = session.runner.view(agent.id);
    assert.ok(pid);
    // The whole group: older launchers of Codex start it as a child.
    process.kill(-pid, 'SIGSTOP');
    await session.actions.sendMessage('web', 'second');
    await agentWhen(session, 'web', (it) => it.state === 'idle' && it.roundsCompleted === 2, 'two rounds');
    assert.notEqual(session.runner.view(agent.id).pid, pid);
    assert.equal(timesDelivered(town, 'second'), 1);
    assert.equal(session.mirror.waiting(agent.id).dead, 0);
  });

  it('to a steer is replaced: the turn goes on in another, and the steer is delivered once', async () => {
    town = await startTestTown(({ index }) => (index === 0 ? [{ hold: gate().opened }] : [{ text: 'done' }]));
    const session = await town.open({}, { replyMs: 2_000, retryMs: 20 });
    const agent = await session.actions.spawnAgent({ name: 'web' });
    await session.actions.sendMessage('web', 'first');
    await agentWhen(session, 'web', (it) => it.runtimeSessionId !== undefined, 'a stored thread');
    await town.model.waitForRequest(({ index }) => index === 0);
    const { pid } = session.runner.view(agent.id);
    assert.ok(pid);
    // The whole group: older launchers of Codex start it as a child.
    process.kill(-pid, 'SIGSTOP');
    await session.actions.steer('web', 'steered');
    await agentWhen(session, 'web', (it) => it.state === 'idle' && it.roundsCompleted > 0, 'its work done');
    await eventually(() => timesDelivered(town, 'steered') === 1, { what: 'the steer' });
    assert.equal(timesDelivered(town, 'first'), 1);
    assert.notEqual(session.runner.view(agent.id).pid, pid);
  });
});

describe('an error that is tried again', () => {
  let town: TestTown;

  closesAfterEach(() => town);

  it('is told, and is not the end of the turn', async () => {
    town = await startTestTown(
      ({ index }) => (index === 0 ? [{ error: 500, message: 'stumbled' }] : [{ text: 'done' }]),
      {
        streamRetries: 2,
      },
    );
    const session = await town.open({ maxAttempts: 1 });
    const errors: boolean[] = [];
    session.runner.onRuntimeEvent(({ event }) => {
      if (event.type === 'runtimeError') errors.push(event.willRetry);
    });
    const agent = await session.actions.spawnAgent({ name: 'web', task: 'do it' });
    await agentWhen(session, 'web', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.deepEqual(errors, [true]);
    assert.equal(session.runner.view(agent.id).pastTurns.length, 1);
    assert.equal(session.runner.view(agent.id).lastError, undefined);
    assert.equal(town.model.userMessages().length, 1);
  });
});
