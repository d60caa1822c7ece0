/** Text that is no well-formed Unicode, or that is cut within a character, reaches Codex as text that it can read. */
import assert from 'node:assert/strict';
import { SUPERVISOR_ID, TownKeys } from '../../../src/town/keys.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown, taskTool } from '../../support/testTown.ts';

const keys = new TownKeys('test-town');

describe('text with half a character', () => {
  let town: TestTown;

  closesAfterEach(() => town);

  it('in the backlog stops no agent whose prompt lists it', async () => {
    town = await startTestTown();
    const session = await town.openWithPickup({ replyMs: 5_000, retryMs: 20 });
    for (let length = 190; length < 202; length += 1)
      await session.actions.tasks.add(`${'x'.repeat(length)}\u{1f600}${'y'.repeat(100)}`);
    await session.actions.spawnAgent({ name: 'anna', task: 'first' });
    await agentWhen(session, 'anna', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.match(town.model.userMessages()[0] ?? '', /x\u{1f600}…/u);
  });

  it('in a message of another client, in a tool, and in a one-shot prompt arrives as text', async () => {
    town = await startTestTown(({ toolOutputs, lastUserText }) =>
      toolOutputs.length === 0 && lastUserText.includes('cut') ? [taskTool('backlog_list', {})] : [{ text: 'done' }],
    );
    const session = await town.open({}, { replyMs: 5_000, retryMs: 20 });
    const redis = town.redis.client();
    const task = await session.actions.tasks.add('a task');
    await redis.hset(keys.task(task.id), 'tags', '["\\ud83d"]');
    const agent = await session.actions.spawnAgent({ name: 'web' });
    const cut = (text: string) =>
      `{"id":"${crypto.randomUUID()}","from":"${SUPERVISOR_ID}","to":"${agent.id}","type":"task",` +
      `"description":"${text} \\ud83d","created_at":"2026-01-01T00:00:00Z"}`;
    await redis.rpush(keys.inbox(agent.id), cut('cut off'));
    await agentWhen(session, 'web', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.match(town.model.requests.at(-1)?.toolOutputs.join() ?? '', /a task/);
    assert.match(town.model.userMessages()[0] ?? '', /cut off \ufffd/);
    await session.actions.setPersistent('web', false);
    await redis.rpush(keys.inbox(agent.id), cut('once more'));
    await agentWhen(session, 'web', (it) => it.roundsCompleted === 2, 'two rounds');
    assert.match(town.model.userMessages()[0] ?? '', /once more \ufffd/);
  });
});
