/**
 * Several agents at work with each other and with a person: a backlog task is claimed by tool call, done, reviewed, and the
 * reviewer asks the supervisor, whose answer reaches it. Real Codex in its sandbox; only the model is scripted.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '../../support/eventually.ts';
import { type Script, type Step, agentOf } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown, taskTool } from '../../support/testTown.ts';

/** What the two models say: decided by who is asked, what was said last, and how many tools were used since. */
const script: Script = (request) => {
  const { lastUserText, toolOutputs } = request;
  const plays: Record<string, () => Step[][]> = {
    backend: () => {
      const claimed = /\bTask ([0-9a-f-]{36}), assigned by/.exec(lastUserText)?.[1];
      if (claimed !== undefined) {
        return [
          [{ exec: 'echo "GET /health" > api.txt' }],
          [taskTool('task_complete', { task_id: claimed, result: 'api.txt describes the endpoint' })],
          [taskTool('send', { agent: 'reviewer', text: 'Please review api.txt', kind: 'query' })],
          [{ text: 'The endpoint is there.' }],
        ];
      }
      const offered = /^- ([0-9a-f-]{36}) \[api\]/m.exec(lastUserText)?.[1];
      return [[taskTool('backlog_claim', { task_id: offered })], [{ text: 'Claimed.' }]];
    },
    reviewer: () =>
      lastUserText.includes('Please review api.txt')
        ? [
            [taskTool('send', { agent: 'supervisor', text: 'May it stay without a version?', kind: 'query' })],
            [{ text: 'I asked.' }],
          ]
        : [[{ text: 'Then it is fine.' }]],
  };
  return plays[agentOf(request)]?.()[toolOutputs.length] ?? [{ text: 'Nothing to do.' }];
};

describe('agents that work with each other', () => {
  let town: TestTown;

  closesAfterEach(() => town);

  it('claim, do, hand over, ask the supervisor, and go on with the answer', async () => {
    town = await startTestTown(script);
    const session = await town.open({ sandbox: 'workspace-write', approvalPolicy: 'on-request' }, { quietMs: 20 });
    await session.pickup.set('yes');
    const { actions, mirror } = session;
    const backend = await actions.spawnAgent({ name: 'backend' });
    const reviewer = await actions.spawnAgent({ name: 'reviewer' });
    for (const name of ['backend', 'reviewer']) await agentWhen(session, name, (it) => it.state === 'idle', 'idle');
    const unrelated = await actions.tasks.add('Paint the fence', ['garden']);
    const task = await actions.tasks.add('Describe a health endpoint in api.txt', ['api']);

    const asked = await eventually(async () => (await actions.personInbox.supervisorMessages())[0], {
      what: 'the question',
    });
    assert.equal(asked.from, reviewer.id);
    const done = mirror.tasks.get(task.id);
    assert.deepEqual(
      [done?.state, done?.assignedTo, done?.result],
      ['completed', backend.id, 'api.txt describes the endpoint'],
    );
    assert.equal(await readFile(path.join(town.folder, 'api.txt'), 'utf8'), 'GET /health\n');

    await actions.personInbox.replyTo(asked.id, 'Yes, for now.');
    const last = await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('Yes, for now.'));
    assert.equal(agentOf(last), 'reviewer');
    await agentWhen(session, 'reviewer', (it) => it.state === 'idle' && it.roundsCompleted === 2, 'two rounds');
    assert.deepEqual(await actions.personInbox.supervisorMessages(), []);

    const worker = await agentWhen(session, 'backend', (it) => it.state === 'idle', 'idle');
    assert.deepEqual([worker.tasksCompleted, worker.currentTask], [1, undefined]);
    assert.deepEqual(mirror.backlog, [unrelated.id], 'nobody took what is not theirs');
    const offers = town.model.requests.filter(({ lastUserText }) => lastUserText.includes('Paint the fence'));
    assert.deepEqual(offers, []);
  });

  it('are shown a backlog again when a tag makes a task theirs, and not for its order', async () => {
    town = await startTestTown(() => [{ text: 'Not for me.' }]);
    const session = await town.openWithPickup();
    const { tasks } = session.actions;
    const manual = await tasks.add('Write the manual', ['docs']);
    const fence = await tasks.add('Paint the fence', ['garden']);
    await session.actions.spawnAgent({ name: 'docs' });
    await agentWhen(session, 'docs', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one look');
    await tasks.move(fence.id, manual.id);
    await eventually(() => session.mirror.backlog[0] === fence.id, { what: 'the order is known' });
    await tasks.tag(fence.id, ['docs']);
    await town.model.waitForRequest(({ lastUserText }) => /Paint the fence[^]*Write the manual/.test(lastUserText));
    await agentWhen(session, 'docs', (it) => it.state === 'idle' && it.roundsCompleted === 2, 'two looks');
    assert.equal(town.model.requests.length, 2);
  });

  it('are shown a backlog once per change of it, not in a loop', async () => {
    town = await startTestTown(() => [{ text: 'Not for me.' }]);
    const session = await town.openWithPickup();
    await session.actions.spawnAgent({ name: 'docs' });
    await agentWhen(session, 'docs', (it) => it.state === 'idle', 'idle');
    await session.actions.tasks.add('Write the readme', ['docs']);
    await agentWhen(session, 'docs', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one look');
    await session.actions.tasks.add('Paint the fence', ['garden']);
    await session.actions.tasks.add('Write the manual', ['docs']);
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('Write the manual'));
    const settled = ({ state, roundsCompleted }: { state: string; roundsCompleted: number }): boolean =>
      state === 'idle' && roundsCompleted === town.model.requests.length;
    const docs = await agentWhen(session, 'docs', settled, 'idle after the last look');
    assert.ok(docs.roundsCompleted <= 3, `${docs.roundsCompleted} looks at three changes`);
  });
});
