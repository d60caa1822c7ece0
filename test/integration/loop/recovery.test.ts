/** What an owner finds that another left behind: each case is one that `npm run chaos` came upon, made to happen for certain. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { type Batch, decodeBatch } from '../../../src/town/records/batch.ts';
import { SUPERVISOR_ID, TownKeys } from '../../../src/town/keys.ts';
import { encodeMessage, newMessage } from '../../../src/town/records/messages.ts';
import { eventually } from '../../support/eventually.ts';
import { gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

const keys = new TownKeys('test-town');

function message(to: string, text: string): { id: string; raw: string } {
  const made = newMessage({ type: 'task', description: text, from: SUPERVISOR_ID, to });
  return { id: made.id, raw: encodeMessage(made) };
}

describe('what was left in flight', () => {
  let town: TestTown;

  closesAfterEach(() => town);

  it('is sent again where the thread has no turn yet', async () => {
    town = await startTestTown();
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'web' });
    await agentWhen(session, 'web', (it, view) => it.state === 'idle' && view.pid !== undefined, 'up');
    const batch: Batch = {
      id: randomUUID(),
      kind: 'round',
      at: Date.now(),
      threadId: null,
      delivered: false,
      messages: [{ ...message(agent.id, 'taken, and never sent'), list: 'inbox' }],
    };
    const redis = town.redis.client();
    await redis.hset(keys.inflight(agent.id), batch.id, JSON.stringify(batch));
    session.runner.poke(agent.id);
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('taken, and never sent'));
    await agentWhen(session, 'web', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.equal(await redis.hlen(keys.inflight(agent.id)), 0);
  });

  it('is found in the thread it was sent in, though its owner died before it could say so', async () => {
    town = await startTestTown(({ index }) => (index === 0 ? [{ hold: gate().opened }] : [{ text: 'done' }]));
    const first = await town.open();
    const agent = await first.actions.spawnAgent({ name: 'docs', task: 'write the manual' });
    const { runtimeSessionId } = await agentWhen(first, 'docs', (it) => it.runtimeSessionId !== undefined, 'stored');
    await town.model.waitForRequest(({ index }) => index === 0);
    await first.close();
    const redis = town.redis.client();
    await redis.hdel(keys.agent(agent.id), 'runtime_session_id');
    for (const [id, raw] of Object.entries(await redis.hgetall(keys.inflight(agent.id)))) {
      const batch = decodeBatch(raw);
      assert.ok(batch.ok);
      await redis.hset(keys.inflight(agent.id), id, JSON.stringify({ ...batch.value, delivered: false }));
    }
    const second = await town.open();
    const after = await agentWhen(second, 'docs', (it) => it.roundsCompleted === 1, 'one round');
    assert.equal(after.runtimeSessionId, runtimeSessionId);
    const texts = town.model.userMessages();
    assert.deepEqual(
      texts.map((text) => text.includes('Your last turn was cut off')),
      [false, true],
    );
  });

  it('is given up as a whole, though its owner died before it could say that the task has failed', async () => {
    town = await startTestTown();
    const first = await town.open();
    const { id } = await first.actions.spawnAgent({ name: 'qa' });
    await agentWhen(first, 'qa', (it) => it.state === 'idle', 'idle');
    await first.close();
    const redis = town.redis.client();
    const taskId = randomUUID();
    const made = newMessage({ type: 'task_assign', taskId, from: SUPERVISOR_ID, to: id });
    const now = new Date().toISOString();
    const task = { id: taskId, description: 'the work', state: 'running', assigned_to: id, created_at: now };
    await redis.hset(keys.task(taskId), task);
    const dead = { raw: encodeMessage(made), list: 'inbox', at: Date.now(), reason: 'It said no.', attempts: 3 };
    // Of another one nothing is left but nonsense, which must not keep the agent from its work.
    const odd = { ...made, id: randomUUID(), taskId: randomUUID() };
    await redis.set(keys.task(odd.taskId), 'x');
    await redis.rpush(keys.dead(id), JSON.stringify({ ...dead, raw: encodeMessage(odd) }), JSON.stringify(dead));
    // A window that is gone without giving its agents back.
    await redis.set(keys.lease(id), 'elsewhere/1/1/x');
    const second = await town.open();
    const after = await eventually(() => {
      const found = second.mirror.tasks.get(taskId);
      return found?.state === 'failed' && found;
    });
    assert.equal(after.result, 'It said no.');
    await second.actions.sendMessage('qa', 'go on');
    await agentWhen(second, 'qa', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
  });

  it('waits when its thread is lost, until a new conversation begins with it', async () => {
    town = await startTestTown();
    const session = await town.open();
    const { id } = await session.actions.spawnAgent({ name: 'web', task: 'first' });
    const before = await agentWhen(
      session,
      'web',
      (it) => it.state === 'idle' && it.roundsCompleted === 1,
      'one round',
    );
    await session.actions.closeAgent('web');
    await agentWhen(session, 'web', (it, view) => it.state === 'cold' && view.owner === 'none', 'cold');
    await rm(path.join(town.codexHome, 'sessions'), { recursive: true });
    await session.actions.sendMessage('web', 'second');
    const { lastError } = await agentWhen(session, 'web', (it) => it.state === 'error', 'in error');
    assert.match(lastError ?? '', /conversation of web is lost\. Begin a new conversation/);
    assert.equal(session.mirror.waiting(id).inbox, 1);
    await session.actions.newConversation('web');
    const after = await agentWhen(session, 'web', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.notEqual(after.runtimeSessionId, before.runtimeSessionId);
    assert.deepEqual(
      town.model.userMessages().map((text) => /^second$/m.test(text)),
      [true],
    );
  });

  it('is sent once where the process dies while Redis is slow', async () => {
    town = await startTestTown();
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'api', task: 'first' });
    await agentWhen(session, 'api', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    const { pid } = session.runner.view(agent.id);
    assert.ok(pid);
    await town.redis.client().rpush(keys.inbox(agent.id), message(agent.id, 'second').raw);
    // Before its answer to the look is on its way, or after: both must do.
    process.kill(town.redis.pid, 'SIGSTOP');
    process.kill(-pid, 'SIGKILL');
    await eventually(() => session.runner.view(agent.id).pid !== pid, { what: 'the end of the process' });
    process.kill(town.redis.pid, 'SIGCONT');
    await agentWhen(session, 'api', (it) => it.state === 'idle' && it.roundsCompleted === 2, 'two rounds');
    await session.actions.sendMessage('api', 'third');
    await agentWhen(session, 'api', (it) => it.state === 'idle' && it.roundsCompleted === 3, 'three rounds');
    assert.equal(town.model.userMessages().filter((text) => /^second$/m.test(text)).length, 1);
  });

  it('tells news once, though the turn that told them was cut off', async () => {
    town = await startTestTown(({ index }) => (index === 0 ? [{ hold: gate().opened }] : [{ text: 'done' }]));
    const first = await town.open();
    const agent = await first.actions.spawnAgent({ name: 'qa' });
    await agentWhen(first, 'qa', (it) => it.state === 'idle', 'idle');
    await first.actions.sendMessage('qa', 'it rains', { kind: 'info' });
    await eventually(() => first.mirror.waiting(agent.id).inbox === 1, { what: 'the news wait' });
    await first.actions.sendMessage('qa', 'go out');
    await agentWhen(first, 'qa', (it) => it.runtimeSessionId !== undefined, 'a stored thread');
    await town.model.waitForRequest(({ index }) => index === 0);
    await first.close();
    const second = await town.open();
    await agentWhen(second, 'qa', (it) => it.roundsCompleted === 1, 'one round');
    assert.deepEqual(
      town.model.userMessages().map((text) => text.includes('it rains')),
      [true, false],
    );
  });
});
