/** An agent's life over time: idle and cold, limits, toggles at any moment, and a town that costs nothing while nobody works. */
import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { AgentStore } from '../../../src/town/stores/agents.ts';
import { TownKeys } from '../../../src/town/keys.ts';
import { startTimeOf } from '../../../src/process/processTable.ts';
import { eventually } from '../../support/eventually.ts';
import { gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

const sign = /^pexpire tt:test-town:lease:window:/;
const script = /^eval(?:sha)? /i;
/** Commands of scripts, which the monitor shows in capitals. */
const heartbeat = /^(GET|EXISTS|HSET) tt:test-town:(lease|agent|epoch):/;
/** Each connection checks its server's health now and then. */
const health = /^info replication$/;

describe('an agent over time', () => {
  let town: TestTown;

  closesAfterEach(() => town);

  it('goes cold when it was idle for its time, and a message wakes it into the same thread', async () => {
    town = await startTestTown();
    const session = await town.open({ idleTimeoutSeconds: 1 });
    await session.actions.spawnAgent({ name: 'web', task: 'first' });
    const cold = await agentWhen(session, 'web', (it, view) => it.state === 'cold' && view.pid === undefined, 'cold');
    assert.equal(cold.roundsCompleted, 1);
    await session.actions.sendMessage('web', 'second');
    const awake = await agentWhen(session, 'web', (it) => it.roundsCompleted === 2, 'two rounds');
    assert.equal(awake.runtimeSessionId, cold.runtimeSessionId);
    assert.equal(town.model.userMessages().length, 2);
  });

  it('stops after its rounds, and starts anew when it is restarted', async () => {
    town = await startTestTown();
    const session = await town.open({ maxRounds: 1 });
    const agent = await session.actions.spawnAgent({ name: 'web', task: 'first' });
    await agentWhen(session, 'web', (it) => it.roundsCompleted === 1 && it.state === 'idle', 'one round');
    await session.actions.sendMessage('web', 'second');
    await agentWhen(session, 'web', (it) => it.state === 'stopped', 'stopped');
    assert.equal(session.mirror.waiting(agent.id).inbox, 1, 'the message is kept');
    await session.actions.restartAgent('web');
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('second'));
  });

  it('is forgotten with all its turns when it is removed', async () => {
    town = await startTestTown();
    const session = await town.open();
    const { id } = await session.actions.spawnAgent({ name: 'web', task: 'first' });
    await agentWhen(session, 'web', (it, view) => it.roundsCompleted === 1 && view.pastTurns.length === 1, 'one round');
    await session.actions.stopAgent('web');
    await eventually(() => !session.runner.owns(id), { what: 'stopped' });
    assert.equal(session.runner.view(id).pastTurns.length, 1);
    await session.actions.removeAgent('web');
    await eventually(() => session.runner.view(id).pastTurns.length === 0, { what: 'forgotten' });
  });

  it('is gone when its window has closed, though its process hangs', async () => {
    town = await startTestTown();
    const session = await town.open();
    const { id } = await session.actions.spawnAgent({ name: 'web' });
    await agentWhen(session, 'web', (it, view) => it.state === 'idle' && view.pid !== undefined, 'up');
    const { pid } = session.runner.view(id);
    assert.ok(pid);
    process.kill(pid, 'SIGSTOP');
    await session.close();
    assert.equal(await startTimeOf(pid), undefined);
  });

  it('is not spawned beyond the town’s limit', async () => {
    town = await startTestTown();
    const session = await town.open({ maxAgents: 1 });
    await session.actions.spawnAgent({ name: 'one' });
    await agentWhen(session, 'one', () => true, 'seen');
    await assert.rejects(session.actions.spawnAgent({ name: 'two' }), { reason: 'tooManyAgents' });
  });

  it('changes its runtime only after the turn in which it was asked to', async () => {
    const held = gate();
    town = await startTestTown(({ index }) =>
      index === 0 ? [{ hold: held.opened }, { text: 'done' }] : [{ text: 'done' }],
    );
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'web', task: 'first' });
    await town.model.waitForRequest(({ index }) => index === 0);
    const { pid } = session.runner.view(agent.id);
    await session.actions.setPersistent('web', false);
    await agentWhen(
      session,
      'web',
      (it, view) => view.modeReason !== undefined && it.state === 'working',
      'the reason is shown',
    );
    const view = session.runner.view(agent.id);
    assert.deepEqual([view.mode, view.pid], ['persistent', pid]);
    held.open();
    await agentWhen(session, 'web', (it, now) => it.roundsCompleted === 1 && now.mode === 'one-shot', 'one-shot');
  });

  it('costs Redis nothing but the signs of life of two windows while nobody works', async () => {
    town = await startTestTown();
    // Before there is anything to hear: ioredis takes what comes along with the answer to MONITOR for an answer, too.
    const monitor = await town.redis.client().monitor();
    monitor.on('error', () => undefined);
    const times = { leaseMs: 1_500, retryMs: 500 };
    const windows = [await town.open({}, times), await town.open({}, times)] as const;
    const [session] = windows;
    for (const name of ['one', 'two', 'three']) {
      const { id } = await session.actions.spawnAgent({ name });
      await agentWhen(session, name, (it) => it.state === 'idle', 'idle');
      const owners = (): string[] => windows.map(({ runner }) => runner.view(id).owner);
      await eventually(() => owners().toSorted().join() === 'elsewhere,here', { what: 'one owner' });
    }
    const heard: string[] = [];
    monitor.on('monitor', (_time: string, words: string[]) => heard.push(words.slice(0, 2).join(' ')));
    const signs = (): number => heard.filter((line) => sign.test(line)).length;
    // What was under way when the listening began is over with a whole time between two signs of life.
    await eventually(() => signs() >= 4);
    heard.length = 0;
    await eventually(() => signs() >= 10);
    monitor.disconnect();
    // In six signs of life of a window at most one heartbeat, which makes Redis know its script; each window then reads the
    // agents once, and tries once to take those of the other.
    const scripts = heard.filter((line) => script.test(line));
    assert.ok(scripts.length <= 2 * 2 + 3, scripts.join('\n'));
    const rest = heard.filter(
      (line) => !sign.test(line) && !script.test(line) && !heartbeat.test(line) && !health.test(line),
    );
    const reads = rest.filter((line) => line.startsWith('hgetall tt:test-town:agent:'));
    assert.ok(reads.length <= 6 && reads.length === rest.length, rest.join('\n'));
  });

  it('hears what is told to all, with its next work, and knows its parent', async () => {
    town = await startTestTown();
    const session = await town.open();
    const lead = await session.actions.spawnAgent({ name: 'lead' });
    const child = await session.actions.spawnAgent({ name: 'child', parent: 'lead' });
    assert.equal(child.parentAgentId, lead.id);
    const [[, [, , , told = '']] = ['', []]] = await town.redis
      .client()
      .xrevrange(new TownKeys('test-town').agentEvents(lead.id), '+', '-');
    assert.match(told, /Agent child was spawned/);
    for (const name of ['lead', 'child']) await agentWhen(session, name, (it) => it.state === 'idle', 'idle');
    const listener = town.redis.client();
    await listener.subscribe('tt:test-town:broadcast');
    const heard = new Promise<string>((resolve) => {
      listener.once('message', (_channel: string, text: string) => resolve(text));
    });
    assert.equal(await session.actions.broadcast('Freeze at noon'), 2);
    assert.match(await heard, /Freeze at noon/);
    await session.actions.assignTask('child', 'finish');
    const request = await town.model.waitForRequest(() => true);
    assert.match(request.lastUserText, /finish[^]*For your information[^]*Freeze at noon/);
    assert.equal(session.mirror.waiting(lead.id).inbox, 1, 'news alone starts no turn');
  });

  it('tells all others where an agent is removed during a broadcast, and names who missed it', async () => {
    town = await startTestTown();
    const session = await town.open();
    const ids: string[] = [];
    for (const name of ['one', 'two', 'three']) {
      ids.push((await session.actions.spawnAgent({ name })).id);
      await agentWhen(session, name, (it) => it.state === 'idle', 'idle');
    }
    const [first = '', gone = '', last = ''] = ids;
    const agents = [...session.mirror.agents.values()];
    // Somebody removes it just after the agents were listed.
    mock.method(AgentStore.prototype, 'list', async () => {
      await town.redis.client().del(new TownKeys('test-town').agent(gone));
      return { agents, malformed: [] };
    });
    try {
      await assert.rejects(session.actions.broadcast('Freeze at noon'), {
        reason: 'notReached',
        message: 'The message reached 2 of 3 agents, but not two.',
      });
    } finally {
      mock.restoreAll();
    }
    await eventually(() => [first, last].every((id) => session.mirror.waiting(id).inbox === 1), { what: 'both told' });
    await eventually(() => !session.mirror.agents.has(gone), { what: 'the agent is gone' });
  });

  it('works where Redis tells nobody of changes', async () => {
    town = await startTestTown();
    await town.redis.cli('CONFIG', 'SET', 'notify-keyspace-events', '');
    const session = await town.open();
    await session.actions.spawnAgent({ name: 'web', task: 'first' });
    await agentWhen(session, 'web', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.equal(await town.redis.cli('CONFIG', 'GET', 'notify-keyspace-events'), 'notify-keyspace-events');
    assert.ok(
      town.log.some((line) => line.includes('sends no notifications')),
      'the log says so',
    );
  });
});
