/** A conversation that is too long for the model, or whose file is damaged, on the real Codex: no work is lost by it. */
import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { eventually } from '../../support/eventually.ts';
import type { ModelRequest } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

describe('the conversation of an agent', () => {
  let town: TestTown;
  let session: TownSession;
  /** Whether the model finds the conversation of this request too long. */
  let isFull: (request: ModelRequest) => boolean;

  beforeEach(async () => {
    isFull = () => false;
    town = await startTestTown((request) =>
      isFull(request) ? [{ fail: 'context_length_exceeded' }] : [{ text: `said ${request.index}` }],
    );
    session = await town.open({}, { retryMs: 20 });
    await session.actions.spawnAgent({ name: 'web' });
    await session.actions.sendMessage('web', 'the first');
    await agentWhen(session, 'web', (it) => it.roundsCompleted === 1 && it.state === 'idle', 'its first turn');
  });

  closesAfterEach(() => town);

  it('is compacted once when it is full, and the same work goes on in it', async () => {
    let full = true;
    isFull = ({ lastUserText }) => {
      if (!full || !lastUserText.includes('the second')) return false;
      full = false;
      return true;
    };
    const before = [...session.mirror.agents.values()][0]?.runtimeSessionId;
    await session.actions.sendMessage('web', 'the second');
    const agent = await agentWhen(session, 'web', (it) => it.roundsCompleted === 2 && it.state === 'idle', 'goes on');
    assert.equal(agent.runtimeSessionId, before);
    assert.deepEqual([session.mirror.waiting(agent.id).held, session.mirror.waiting(agent.id).dead], [0, 0]);
    assert.equal(town.model.requests.length, 4, 'refused, compacted, and taken');
  });

  it('holds the work where that does not help, which goes on in a new one with what was said last', async () => {
    const old = [...session.mirror.agents.values()][0]?.runtimeSessionId;
    isFull = ({ threadId }) => threadId === old;
    await session.actions.sendMessage('web', 'the second');
    const agent = await eventually(
      () =>
        [...session.mirror.agents.values()].find(
          ({ id, state }) => state === 'idle' && session.mirror.waiting(id).held === 1,
        ),
      { what: 'the work is held' },
    );
    assert.match(agent.lastError ?? '', /context window/);
    assert.deepEqual(await session.actions.newConversation('web'), { summary: true });
    const after = await agentWhen(
      session,
      'web',
      (it) => it.runtimeSessionId !== undefined && it.runtimeSessionId !== old,
      'a new one',
    );
    await agentWhen(session, 'web', (it) => it.state === 'idle' && it.lastError === undefined, 'is done');
    const text = town.model.requests.at(-1)?.lastUserText ?? '';
    assert.match(text, /^the second$/m);
    assert.match(text, /you said last:[\s\S]*said 0/);
    assert.equal(session.mirror.waiting(after.id).held, 0);
  });

  it('is left for a new one where its file is damaged, with what waits', async () => {
    const old = [...session.mirror.agents.values()][0]?.runtimeSessionId ?? '';
    await session.close();
    const files = await readdir(path.join(town.codexHome, 'sessions'), { recursive: true });
    const file = files.find((name) => name.includes(old)) ?? '';
    await writeFile(path.join(town.codexHome, 'sessions', file), '{"no": "rollout"}\n{{{\n');
    session = await town.open({}, { retryMs: 20 });
    await session.actions.sendMessage('web', 'the second');
    const failed = await agentWhen(session, 'web', (it) => it.state === 'error', 'in error');
    assert.match(failed.lastError ?? '', /new conversation/);
    await session.actions.newConversation('web');
    await agentWhen(session, 'web', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'goes on');
    assert.match(town.model.requests.at(-1)?.lastUserText ?? '', /^the second$/m);
  });

  it('waits no longer than after its last failure, whatever a wrong clock has set', async () => {
    const [agent] = session.mirror.agents.values();
    const id = agent?.id ?? '';
    await town.redis.client().hset(`tt:test-town:turn:${id}`, 'not_before', Date.now() + 3_600_000);
    await session.actions.sendMessage('web', 'the second');
    await agentWhen(session, 'web', (it) => it.roundsCompleted === 2 && it.state === 'idle', 'its turn');
  });

  it('waits for no time that a wrong clock has set, once it is restarted', async () => {
    const [agent] = session.mirror.agents.values();
    const id = agent?.id ?? '';
    const redis = town.redis.client();
    const seen = JSON.stringify({ another: { attempts: 20, threadId: null } });
    await redis.hset(`tt:test-town:turn:${id}`, { not_before: Date.now() + 3_600_000, seen });
    await session.actions.sendMessage('web', 'the second');
    await eventually(() => session.mirror.waiting(id).inbox === 1, { what: 'it waits' });
    await session.actions.restartAgent('web');
    await agentWhen(session, 'web', (it) => it.roundsCompleted === 2 && it.state === 'idle', 'its turn');
  });
});
