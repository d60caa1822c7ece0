/** The real `tt` in a terminal beside the editor: what it does to an agent that the editor runs is seen and obeyed at once. */
import assert from 'node:assert/strict';
import { eventually } from '../../support/eventually.ts';
import { gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';
import { runTt, ttBinary } from '../../support/tt.ts';

const binary = ttBinary();

describe('an agent of the editor and the real tt', () => {
  let town: TestTown;

  async function tt(...words: string[]): Promise<string> {
    return runTt(binary ?? '', { folder: town.folder, redisUrl: town.redis.url }, ...words);
  }

  before(function () {
    // Reported as skipped, by name, where there is no cargo to build it with.
    if (binary === undefined) this.skip();
  });

  closesAfterEach(() => town);

  it('works on what tt assigns and sends, and tt sees it in status and list', async () => {
    town = await startTestTown();
    const session = await town.open();
    await session.actions.spawnAgent({ name: 'web' });
    await agentWhen(session, 'web', (it) => it.state === 'idle', 'idle');
    await tt('assign', 'web', 'paint the page');
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('paint the page'));
    await tt('send', 'web', '--query', 'which colour?');
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('which colour?'));
    await agentWhen(session, 'web', (it) => it.state === 'idle', 'idle again');
    assert.match(await tt('list'), /web/);
    assert.match(await tt('status'), /web/);
  });

  it('is steered by tt send --urgent', async () => {
    const held = gate();
    town = await startTestTown(() => [{ hold: held.opened }, { text: 'ok' }]);
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'web', task: 'begin' });
    await town.model.waitForRequest(({ index }) => index === 0);
    await tt('send', 'web', '--urgent', 'take the other road');
    await eventually(() => session.runner.view(agent.id).turn?.steers.length === 1, { what: 'the steer' });
    const request = await town.model.waitForRequest(({ userTexts }) => userTexts.length === 2);
    assert.match(request.userTexts[1] ?? '', /Urgent follow-up[^]*take the other road/);
    held.open();
  });

  it('pauses by tt interrupt, goes on by tt resume, drains by tt close, stops by tt kill, comes back by tt restart', async () => {
    const held = gate();
    town = await startTestTown(({ index }) => (index === 0 ? [{ hold: held.opened }] : [{ text: 'ok' }]));
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'web', task: 'begin' });
    await town.model.waitForRequest(({ index }) => index === 0);
    await tt('interrupt', 'web');
    await eventually(() => session.mirror.waiting(agent.id).inbox === 1, { what: 'the task back in the inbox' });
    await agentWhen(session, 'web', (it) => it.state === 'paused', 'paused');
    await tt('resume', 'web');
    await agentWhen(session, 'web', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    await tt('close', 'web');
    await agentWhen(session, 'web', (it, view) => it.state === 'cold' && view.pid === undefined, 'cold');
    await tt('send', 'web', 'wake up');
    await agentWhen(session, 'web', (it) => it.state === 'idle' && it.roundsCompleted === 2, 'two rounds');
    await tt('kill', 'web');
    await agentWhen(session, 'web', (it, view) => it.state === 'stopped' && view.pid === undefined, 'stopped');
    await tt('restart', 'web');
    await agentWhen(session, 'web', (it, view) => it.state === 'idle' && view.pid !== undefined, 'up again');
    assert.match(await tt('events'), /web|turn/);
  });

  it('lets people change what tt has sent and reads, and takes it as it then is', async () => {
    town = await startTestTown();
    const session = await town.open();
    const { id } = await session.actions.spawnAgent({ name: 'web' });
    await agentWhen(session, 'web', (it) => it.state === 'idle', 'idle');
    await session.actions.pauseAgent('web');
    for (const text of ['the first', 'the second', 'the third']) await tt('send', 'web', text);
    await tt('assign', 'web', 'the old task');
    const receipts = await eventually(async () => {
      const all = await session.receipts.list(id);
      return all.length === 4 && all[3]?.text === 'the old task' ? all : undefined;
    });
    const [first = '', second = '', third = '', task = ''] = receipts.map(({ messageId }) => messageId);
    await session.actions.queue.edit('web', second, 'the second, revised');
    await session.actions.queue.move('web', second, 'moveQueuedUp');
    await session.actions.queue.promote('web', third);
    await session.actions.queue.edit('web', task, 'the new task');
    const shown = await tt('inbox', 'web');
    assert.match(shown, /\[T\] the second, revised\n.*\[T\] the first\n.*the new task/);
    await session.actions.queue.remove('web', first, 'Not needed.');
    assert.doesNotMatch(await tt('inbox', 'web'), /the first/);
    await session.actions.resumeAgent('web');
    const { lastUserText } = await town.model.waitForRequest(() => true);
    assert.match(lastUserText, /the third[^]*the second, revised[^]*the new task/);
  });

  it('shows an agent that tt made as external, and never runs it', async () => {
    town = await startTestTown();
    const session = await town.open();
    const now = new Date().toISOString();
    const id = '77777777-7777-4777-8777-777777777777';
    const record = {
      id,
      name: 'outsider',
      agent_type: 'worker',
      state: 'idle',
      cli: 'claude',
      created_at: now,
      last_heartbeat: now,
    };
    await town.redis.client().hset(`tt:test-town:agent:${id}`, record);
    await agentWhen(session, 'outsider', (_, view) => view.owner === 'external', 'external');
    await session.actions.sendMessage('outsider', 'hello');
    assert.match(await tt('inbox', 'outsider'), /hello|1/);
    await assert.rejects(session.actions.interrupt('outsider'), { reason: 'external' });
    assert.equal(town.model.requests.length, 0);
  });
});
