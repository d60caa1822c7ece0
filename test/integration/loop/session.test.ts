/** A town's agents at work, end to end but for the editor: the way of a message, steering, interrupting, reloads, crashes. */
import assert from 'node:assert/strict';
import { SUPERVISOR_ID } from '../../../src/town/keys.ts';
import { gate } from '../../support/scriptedModel.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestTown, agentWhen, closesAfterEach, completeTask, startTestTown } from '../../support/testTown.ts';

describe('a town at work', () => {
  let town: TestTown;

  closesAfterEach(() => town);

  it('gives a task to a new agent, which works on it and is idle again', async () => {
    town = await startTestTown(completeTask);
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'backend', task: 'write the parser' });
    const request = await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('write the parser'));
    assert.match(request.developerTexts.join('\n'), /You are "backend", the backend agent in the town "test-town"/);
    const done = await agentWhen(
      session,
      'backend',
      (it) => it.state === 'idle' && it.roundsCompleted === 1,
      'one round',
    );
    assert.equal(done.tasksCompleted, 1);
    assert.ok(done.runtimeSessionId);
    const [task] = [...session.mirror.tasks.values()];
    assert.equal(task?.state, 'completed');
    assert.equal(task.result, 'as was asked');
    assert.equal(town.model.requests.length, 2);
    assert.deepEqual(session.mirror.waiting(SUPERVISOR_ID).inbox, 1);
    assert.equal(session.runner.view(agent.id).pastTurns.length, 1);
  });

  it('hands a task to an idle agent whole, however soon it looks', async () => {
    town = await startTestTown();
    const session = await town.open();
    await session.actions.spawnAgent({ name: 'backend' });
    await agentWhen(session, 'backend', (it) => it.state === 'idle', 'idle');
    await session.actions.assignTask('backend', 'write the parser');
    const { lastUserText } = await town.model.waitForRequest(({ index }) => index === 0);
    assert.match(lastUserText, /write the parser/);
  });

  it('steers the running turn with an urgent message', async () => {
    const held = gate();
    // Codex asks the model anew at a steer, and drops the answer that was under way.
    town = await startTestTown(() => [{ hold: held.opened }, { text: 'as you wish' }]);
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'api', task: 'begin' });
    await town.model.waitForRequest(({ index }) => index === 0);
    await agentWhen(session, 'api', (_, view) => view.turn !== undefined, 'a running turn');
    await session.actions.steer('api', 'take the other road');
    await eventually(() => session.runner.view(agent.id).turn?.steers.length === 1, { what: 'the steer was sent' });
    const request = await town.model.waitForRequest(({ userTexts }) =>
      userTexts.some((it) => it.includes('the other road')),
    );
    held.open();
    assert.equal(request.userTexts.length, 2);
    assert.equal(request.userTexts[1], 'take the other road');
    const done = await agentWhen(session, 'api', (it) => it.state === 'idle', 'idle');
    assert.equal(done.roundsCompleted, 1);
    assert.equal(session.runner.view(agent.id).pastTurns[0]?.steers[0]?.state, 'delivered');
  });

  it('holds what an interrupted turn carried, and runs it again on demand', async () => {
    town = await startTestTown(async ({ index }) => (index === 0 ? [{ hold: gate().opened }] : [{ text: 'done' }]));
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'qa', task: 'test everything' });
    await town.model.waitForRequest(({ index }) => index === 0);
    await session.actions.interrupt('qa');
    await agentWhen(session, 'qa', (it) => it.state === 'idle', 'idle');
    await eventually(() => session.mirror.waiting(agent.id).held === 1, { what: 'held work' });
    assert.equal(town.model.requests.length, 1);
    await session.actions.leftovers.runAgain('qa');
    await agentWhen(session, 'qa', (it) => it.roundsCompleted === 1, 'one round');
    const [first, second] = town.model.userMessages();
    assert.match(first ?? '', /test everything/);
    assert.match(second ?? '', /Your last turn was cut off/);
    assert.equal(session.mirror.waiting(agent.id).held, 0);
  });

  it('continues after a window was closed in mid-turn: same thread, nothing twice', async () => {
    town = await startTestTown(async (request) =>
      request.index === 0 ? [{ hold: gate().opened }] : completeTask(request),
    );
    const first = await town.open();
    await first.actions.spawnAgent({ name: 'docs', task: 'write the manual' });
    await town.model.waitForRequest(({ index }) => index === 0);
    const before = await agentWhen(first, 'docs', (it) => it.runtimeSessionId !== undefined, 'a stored thread');
    await first.actions.sendMessage('docs', 'and an index', {});
    await first.close();
    const second = await town.open();
    const after = await agentWhen(second, 'docs', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.equal(after.runtimeSessionId, before.runtimeSessionId);
    const texts = town.model.userMessages();
    assert.equal(texts.length, 2);
    assert.match(texts[1] ?? '', /Your last turn was cut off[^]*and an index/);
    const [task] = [...second.mirror.tasks.values()];
    assert.equal(task?.state, 'completed');
  });

  it('continues after its process was killed in mid-turn', async () => {
    town = await startTestTown(async ({ index }) => (index === 0 ? [{ hold: gate().opened }] : [{ text: 'done' }]));
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'ops', task: 'deploy it' });
    await agentWhen(session, 'ops', (it) => it.runtimeSessionId !== undefined, 'a stored thread');
    await town.model.waitForRequest(({ index }) => index === 0);
    const { pid } = session.runner.view(agent.id);
    assert.ok(pid);
    process.kill(-pid, 'SIGKILL');
    await agentWhen(session, 'ops', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.match(town.model.userMessages()[1] ?? '', /Your last turn was cut off/);
    assert.equal(town.model.userMessages().length, 2);
  });

  it('pauses: the turn ends, its work waits, and goes on after resume', async () => {
    town = await startTestTown(async ({ index }) => (index === 0 ? [{ hold: gate().opened }] : [{ text: 'done' }]));
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'web', task: 'draw it' });
    await town.model.waitForRequest(({ index }) => index === 0);
    await session.actions.pauseAgent('web');
    await eventually(() => session.mirror.waiting(agent.id).inbox === 1, { what: 'the task back in the inbox' });
    await session.actions.resumeAgent('web');
    await agentWhen(session, 'web', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
  });

  it('closes after the turn, and is woken by the next message', async () => {
    town = await startTestTown();
    const session = await town.open();
    await session.actions.spawnAgent({ name: 'sec', task: 'look around' });
    await agentWhen(session, 'sec', (it) => it.roundsCompleted === 1 && it.state === 'idle', 'one round');
    await session.actions.closeAgent('sec');
    await agentWhen(session, 'sec', (it, view) => it.state === 'cold' && view.pid === undefined, 'cold');
    await session.actions.sendMessage('sec', 'one more thing');
    await agentWhen(session, 'sec', (it) => it.roundsCompleted === 2 && it.state === 'idle', 'two rounds');
    assert.equal(town.model.userMessages().length, 2);
  });

  it('stops now: the turn ends and its work is held', async () => {
    town = await startTestTown(async () => [{ hold: gate().opened }]);
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'slow', task: 'sleep' });
    await agentWhen(session, 'slow', (_, view) => view.turn !== undefined, 'a running turn');
    await session.actions.stopAgent('slow');
    await agentWhen(session, 'slow', (it, view) => it.state === 'stopped' && view.pid === undefined, 'stopped');
    await eventually(() => session.mirror.waiting(agent.id).held === 1, { what: 'held work' });
  });
});
