/** The loop's rules in a real town: runtimes, failures, two windows, and what other writers leave in an inbox. */
import assert from 'node:assert/strict';
import { readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { SUPERVISOR_ID, TownKeys } from '../../../src/town/keys.ts';
import { decodeDead } from '../../../src/town/records/batch.ts';
import { decodeMessage, encodeMessage, newMessage } from '../../../src/town/records/messages.ts';
import { codexPath } from '../../support/codexHome.ts';
import { eventually } from '../../support/eventually.ts';
import { gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, allowProgram, closesAfterEach, startTestTown } from '../../support/testTown.ts';

const keys = new TownKeys('test-town');

describe('the rules of a loop', () => {
  let town: TestTown;

  closesAfterEach(() => town);

  it('runs a one-shot agent as a process a turn, and back in its session after the toggle', async () => {
    town = await startTestTown();
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'web', task: 'first' });
    const first = await agentWhen(session, 'web', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.deepEqual(await session.actions.setPersistent('web', 'toggle'), { mode: 'one-shot', reason: undefined });
    await session.actions.sendMessage('web', 'second');
    await agentWhen(
      session,
      'web',
      (it, view) => it.roundsCompleted === 2 && view.mode === 'one-shot',
      'a one-shot round',
    );
    assert.equal(town.model.userMessages().length, 1, 'a one-shot turn has no memory');
    assert.match(town.model.userMessages()[0] ?? '', /second/);
    await session.actions.setPersistent('web', true);
    await session.actions.sendMessage('web', 'third');
    const third = await agentWhen(session, 'web', (it) => it.roundsCompleted === 3, 'a third round');
    assert.equal(third.runtimeSessionId, first.runtimeSessionId);
    const texts = town.model.userMessages();
    assert.deepEqual([texts.length, /first/.test(texts[0] ?? ''), /third/.test(texts[1] ?? '')], [2, true, true]);
    const log = await readFile(session.roundLogs(agent).replace('…', '2'), 'utf8');
    assert.match(log, /second[^]*done: [^]*completed/);
    assert.equal(session.runner.view(agent.id).mode, 'persistent');
  });

  it('interrupts an agent at the moment at which it is seen at work', async () => {
    town = await startTestTown(() => [{ hold: gate().opened }]);
    const session = await town.open({ agentClis: { sleeper: { command: 'sleep 600' } }, maxAgents: 12 });
    await allowProgram(session, 'sleeper');
    const names = Array.from({ length: 12 }, (_, index) => `agent-${index}`);
    const interrupted = names.map(async (name, index) => {
      const { id } = await session.actions.spawnAgent({ name, cli: index < 3 ? 'codex' : 'sleeper' });
      await agentWhen(session, name, (it) => it.state === 'idle', 'idle');
      const isAtWork = new Promise<void>((resolve) => {
        session.mirror.onDidChange(() => {
          if (session.mirror.agents.get(id)?.state === 'working') resolve();
        });
      });
      await session.actions.sendMessage(name, 'Sleep');
      await isAtWork;
      await session.actions.interrupt(name);
      await eventually(() => session.mirror.waiting(id).held === 1, { what: `${name}: held work` });
    });
    await Promise.all(interrupted);
  });

  it('tries a failing turn again with a wait, then gives its messages up with the reason', async () => {
    town = await startTestTown(() => [{ error: 400, message: 'the model is on strike' }]);
    const session = await town.open({ maxAttempts: 2 });
    const agent = await session.actions.spawnAgent({ name: 'api', task: 'do it' });
    await eventually(() => session.mirror.waiting(agent.id).dead === 1, { what: 'a dead letter' });
    const [raw] = await town.redis.client().lrange(keys.dead(agent.id), 0, -1);
    const dead = decodeDead(raw ?? '');
    assert.ok(dead.ok);
    assert.match(dead.value.reason, /on strike/);
    assert.equal(dead.value.attempts, 2);
    await eventually(() => [...session.mirror.tasks.values()][0]?.state === 'failed', { what: 'the task failed' });
    const record = await agentWhen(session, 'api', (it) => it.state === 'idle', 'idle');
    assert.match(record.lastError ?? '', /on strike/);
    town.model.script = () => [{ text: 'the strike is over' }];
    await session.actions.leftovers.retryDead('api');
    await agentWhen(session, 'api', (it) => it.state === 'idle' && it.lastError === undefined, 'a good turn');
    assert.equal(session.mirror.waiting(agent.id).dead, 0);
    assert.equal(town.model.userMessages().filter((text) => text.includes('## Messages to act on')).length, 1);
  });

  it('waits while the service has too much to do, and counts that as no attempt', async () => {
    const seen = gate();
    town = await startTestTown(({ index }) =>
      index < 2 ? [{ error: 503, message: 'busy' }] : [{ hold: seen.opened }, { text: 'done' }],
    );
    const session = await town.open({ maxAttempts: 1 }, { leaseMs: 15_000, retryMs: 5 });
    const agent = await session.actions.spawnAgent({ name: 'api' });
    await session.actions.sendMessage('api', 'do it');
    const first = await agentWhen(session, 'api', (it) => it.lastError !== undefined, 'an error');
    assert.match(first.lastError ?? '', /busy/);
    seen.open();
    await agentWhen(session, 'api', (it) => it.state === 'idle' && it.lastError === undefined, 'a good turn');
    assert.equal(town.model.requests.length, 3);
    assert.equal(session.mirror.waiting(agent.id).dead, 0);
  });

  it('answers a ping and a status request without a turn, and leaves news waiting', async () => {
    town = await startTestTown();
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'docs' });
    await agentWhen(session, 'docs', (it) => it.state === 'idle', 'idle');
    const redis = town.redis.client();
    const envelope = { from: SUPERVISOR_ID, to: agent.id };
    for (const type of ['ping', 'status_request'] as const) {
      await redis.rpush(keys.inbox(agent.id), encodeMessage(newMessage({ ...envelope, type })));
    }
    const replies = await eventually(async () => {
      const raw = await redis.lrange(keys.inbox(SUPERVISOR_ID), 0, -1);
      return raw.length === 2 ? raw.map((one) => decodeMessage(one)) : undefined;
    });
    assert.deepEqual(
      replies.map((reply) => reply.ok && reply.value.type),
      ['pong', 'status_response'],
    );
    await session.actions.sendMessage('docs', 'it rains', { kind: 'info' });
    await session.actions.sendMessage('docs', 'what is new?', { kind: 'query' });
    const request = await town.model.waitForRequest(() => true);
    assert.match(request.lastUserText, /what is new\?[^]*it rains/);
  });

  it('sets aside what is no message, and goes on', async () => {
    town = await startTestTown();
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'qa' });
    await agentWhen(session, 'qa', (it) => it.state === 'idle', 'idle');
    const redis = town.redis.client();
    await redis.rpush(keys.inbox(agent.id), 'no message', Buffer.from([0xff, 0xfe, 0x7b]), '{"id":"x"}');
    await session.actions.sendMessage('qa', 'a real one');
    await agentWhen(session, 'qa', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    await eventually(() => session.mirror.waiting(agent.id).dead === 3, { what: 'three dead letters' });
    const dead = (await redis.lrange(keys.dead(agent.id), 0, -1)).map((raw) => decodeDead(raw));
    assert.ok(dead.every((one) => one.ok));
  });

  it('is one owner in two windows: the other sees it, interrupts it, and takes it when the first closes', async () => {
    town = await startTestTown(({ index }) => (index === 0 ? [{ hold: gate().opened }] : [{ text: 'done' }]));
    const first = await town.open();
    const second = await town.open();
    const agent = await first.actions.spawnAgent({ name: 'ops', task: 'deploy' });
    await town.model.waitForRequest(({ index }) => index === 0);
    const owners = (): string[] => [first, second].map(({ runner }) => runner.view(agent.id).owner);
    await eventually(() => owners().toSorted().join() === 'elsewhere,here', { what: 'one owner' });
    const other = first.runner.owns(agent.id) ? second : first;
    const owner = other === first ? second : first;
    await agentWhen(other, 'ops', (it) => it.state === 'working', 'working');
    await other.actions.interrupt('ops');
    await agentWhen(other, 'ops', (it) => it.state === 'idle', 'idle');
    assert.equal(other.mirror.waiting(agent.id).held, 1);
    await owner.close();
    await eventually(() => other.runner.owns(agent.id), { what: 'the other window took it' });
    await other.actions.leftovers.runAgain('ops');
    await agentWhen(other, 'ops', (it) => it.roundsCompleted === 1, 'one round');
    assert.equal(town.model.userMessages().length, 2);
  });

  it('lets a restart right after a stop win', async () => {
    town = await startTestTown();
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'web' });
    await agentWhen(session, 'web', (it, view) => it.state === 'idle' && view.pid !== undefined, 'up');
    await session.actions.stopAgent('web');
    await session.actions.restartAgent('web');
    await session.actions.sendMessage('web', 'go on');
    await agentWhen(session, 'web', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.equal(session.runner.view(agent.id).lastError, undefined);
  });

  it('says what is wrong where Codex cannot be used, and works once that is mended', async () => {
    town = await startTestTown();
    const broken = await town.open({ codexPath: '/nowhere/codex' });
    await broken.actions.spawnAgent({ name: 'sec', task: 'look around' });
    const record = await agentWhen(broken, 'sec', (it) => it.state === 'error', 'in error');
    assert.match(record.lastError ?? '', /\/nowhere\/codex was not found\..*tinytown\.codex\.path/);
    await broken.close();
    const session = await town.open();
    await session.actions.restartAgent('sec');
    await agentWhen(session, 'sec', (it) => it.roundsCompleted === 1, 'one round');
  });

  it('tries again by itself where the path of Codex is repaired', async () => {
    town = await startTestTown();
    const file = path.join(town.storage, 'codex');
    const session = await town.open({ codexPath: file });
    const { id } = await session.actions.spawnAgent({ name: 'sec', task: 'look around' });
    await agentWhen(session, 'sec', (it) => it.state === 'error', 'in error');
    await symlink(codexPath, file);
    await session.actions.retryFailed();
    const record = await agentWhen(session, 'sec', (it) => it.roundsCompleted === 1, 'one round');
    assert.deepEqual([record.lastError, session.runner.view(id).lastError], [undefined, undefined]);
  });

  it('says that it tries a failed round again, and no longer once it does', async () => {
    town = await startTestTown(({ index }) =>
      index === 0 ? [{ error: 500, message: 'stumbled' }] : [{ text: 'done' }],
    );
    const session = await town.open({}, { retryMs: 500 });
    const { id } = await session.actions.spawnAgent({ name: 'sec', task: 'look around' });
    const { attempt, of } = await eventually(() => session.runner.view(id).retry, { what: 'a retry' });
    assert.deepEqual([attempt, of], [2, 3]);
    await agentWhen(session, 'sec', (it) => it.roundsCompleted >= 1 && it.tasksCompleted === 0, 'a round');
    await eventually(() => session.runner.view(id).retry === undefined, { what: 'no retry any more' });
  });

  it('goes on after Redis was away in mid-turn', async () => {
    const held = gate();
    town = await startTestTown(() => [{ hold: held.opened }, { text: 'done' }]);
    const session = await town.open();
    await session.actions.spawnAgent({ name: 'slow', task: 'take your time' });
    await town.model.waitForRequest(() => true);
    await agentWhen(session, 'slow', (it) => it.runtimeSessionId !== undefined, 'a stored thread');
    await town.redis.cli('SAVE');
    await town.redis.kill();
    await eventually(() => !session.mirror.connected, { what: 'the loss is seen' });
    held.open();
    await town.redis.restart();
    await agentWhen(session, 'slow', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.equal(town.model.requests.length, 1);
  });
});
