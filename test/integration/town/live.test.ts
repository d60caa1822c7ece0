import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { AgentStore } from '../../../src/town/stores/agents.ts';
import { InboxStore } from '../../../src/town/stores/inbox.ts';
import { SUPERVISOR_ID } from '../../../src/town/keys.ts';
import { newMessage } from '../../../src/town/records/messages.ts';
import { TownMirror, type MirrorChange } from '../../../src/town/live/mirror.ts';
import { openRedis } from '../../../src/town/redis/connect.ts';
import { TaskStore } from '../../../src/town/stores/tasks.ts';
import { WakeSource, type Wake } from '../../../src/town/live/wake.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestTown, openTestTown, testAgent } from '../../support/redisTown.ts';

const quickPoll = { shortestMs: 10, longestMs: 40, scanMs: 40 };
const ping = (to: string) => newMessage({ type: 'ping', from: SUPERVISOR_ID, to });

/** A wake source and all that it told. */
interface Listening {
  wake: WakeSource;
  told: Wake[];
}

async function listen(town: TestTown, redis = town.redis, times = quickPoll): Promise<Listening> {
  const wake = new WakeSource(redis, town.keys, silentLogger, times);
  const told: Wake[] = [];
  wake.onChange((change) => told.push(change));
  await wake.start();
  return { wake, told };
}

/** Does everything that has to wake somebody, from outside, and checks that it did. */
async function wakesForEverything(town: TestTown, { wake, told }: Listening): Promise<void> {
  const raw = town.server.client();
  const { keys } = town;
  const agent = testAgent('anna');
  const { id } = agent;
  await new AgentStore(town.redis, keys).create(agent);
  const task = randomUUID();
  await eventually(() => told.some((wake) => wake.kind === 'agent' && wake.id === id));
  const steps: [string, string | undefined, () => Promise<unknown>][] = [
    ['inbox', id, () => raw.rpush(keys.inbox(id), 'x')],
    ['inbox', id, () => raw.multi().lpop(keys.inbox(id)).rpush(keys.inbox(id), 'y').exec()],
    ['urgent', id, () => raw.lpush(keys.urgent(id), 'x')],
    ['urgent', id, () => raw.del(keys.urgent(id))],
    ['stop', id, () => raw.set(keys.stop(id), '1')],
    ['stop', id, () => runsOut(keys.stop(id))],
    ['agent', id, () => raw.hset(keys.agent(id), 'state', 'paused')],
    ['control', id, () => raw.xadd(keys.control(id), '*', 'a', '1')],
    ['lease', id, () => raw.set(keys.lease(id), 'window')],
    ['windowLease', 'window', () => raw.set(keys.windowLease('window'), '1', 'PX', 300)],
    ['windowLease', 'window', () => eventually(async () => (await raw.exists(keys.windowLease('window'))) === 0)],
    ['task', task, () => raw.hset(keys.task(task), 'id', task)],
    ['backlog', undefined, () => raw.rpush(keys.backlog, '1', task, '3', '4')],
    [
      'backlog',
      undefined,
      () => raw.multi().lrem(keys.backlog, 0, task).linsert(keys.backlog, 'BEFORE', '4', task).exec(),
    ],
    ['events', undefined, () => raw.xadd(keys.events, '*', 'a', '1')],
    ['inbox', SUPERVISOR_ID, () => raw.rpush(keys.inbox(SUPERVISOR_ID), 'x')],
    ['agent', id, () => raw.del(keys.agent(id))],
  ];
  /** Whoever looks whenever he is woken sees that it is gone. */
  async function runsOut(key: string): Promise<void> {
    let isGone = false;
    const looking = wake.onChange(({ kind }) => {
      if (kind === 'stop') void raw.exists(key).then((count) => (isGone ||= count === 0));
    });
    await raw.pexpire(key, 50);
    await eventually(() => isGone, { what: 'A wake for what ran out' });
    looking.dispose();
  }
  for (const [kind, wanted, act] of steps) {
    told.length = 0;
    await act();
    await eventually(() => told.some((wake) => wake.kind === kind && wake.id === wanted), {
      what: `A wake for ${kind}`,
    });
  }
}

/** How often it was asked for changes so far. */
async function looksAt(town: TestTown): Promise<number> {
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(await town.server.cli('INFO', 'commandstats'))?.[1] ?? 0);
}

describe('waking', () => {
  let town: TestTown;
  afterEach(() => town.close());

  it('is by notification where Redis tells, and then asks for nothing', async () => {
    town = await openTestTown();
    const { wake, told } = await listen(town);
    assert.equal(wake.mode, 'notifications');
    await wakesForEverything(town, { wake, told });
    const commands = async (): Promise<number> =>
      Number(/total_commands_processed:(\d+)/.exec(await town.server.cli('INFO', 'stats'))?.[1]);
    const before = await commands();
    // Meanwhile one that has to ask, of a town beside it, asks several times.
    const other = await openTestTown({ args: ['--notify-keyspace-events', ''] });
    const asking = await listen(other);
    const first = await looksAt(other);
    await eventually(async () => (await looksAt(other)) >= first + 5, { what: 'Five looks of the other' });
    assert.ok((await commands()) - before <= 2, 'An idle town sent commands.');
    asking.wake.dispose();
    await other.close();
    wake.dispose();
  });

  it('tells each key once in a turn, and nothing of other towns or keys of no concern', async () => {
    town = await openTestTown();
    const { wake, told } = await listen(town);
    const raw = town.server.client();
    await raw
      .multi()
      .rpush(town.keys.inbox('a'), '1', '2')
      .rpush(town.keys.inbox('a'), '3')
      .set(town.keys.sent('m'), '1')
      .set('tt:elsewhere:backlog', '1')
      .rpush(town.keys.backlog, '1')
      .exec();
    await eventually(() => told.some(({ kind }) => kind === 'backlog'));
    assert.deepEqual(told, [{ kind: 'inbox', id: 'a' }, { kind: 'backlog' }]);
    wake.dispose();
    await raw.rpush(town.keys.backlog, '2');
    await raw.ping();
    assert.equal(told.length, 2);
  });

  it('is of this town alone, though its name reads as a pattern and as a part of a key', async () => {
    town = await openTestTown({ name: 'a:b*c[d]?' });
    const { wake, told } = await listen(town);
    assert.equal(wake.mode, 'notifications');
    await wakesForEverything(town, { wake, told });
    const before = told.length;
    const raw = town.server.client();
    await raw.multi().rpush('tt:a:bXcd1:backlog', '1').rpush('tt:a:backlog', '1').rpush(town.keys.backlog, '2').exec();
    await eventually(() => told.length > before);
    assert.deepEqual(told.slice(before), [{ kind: 'backlog' }]);
    const agent = testAgent('bert');
    const store = new AgentStore(town.redis, town.keys);
    await store.create(agent);
    await raw.hset('tt:a:bXcd1:agent:x', 'id', 'x');
    assert.deepEqual(
      (await store.list()).agents.map(({ id }) => id),
      [agent.id],
    );
    wake.dispose();
  });

  it('is by polling where notifications are off or too few', async () => {
    for (const flags of ['', 'KEl', 'Egl$htx']) {
      town = await openTestTown({ args: ['--notify-keyspace-events', flags] });
      const { wake, told } = await listen(town);
      assert.equal(wake.mode, 'poll', flags);
      if (flags === '') await wakesForEverything(town, { wake, told });
      wake.dispose();
      if (flags !== 'Egl$htx') await town.close();
    }
  });

  it('polls seldom while nothing changes', async () => {
    town = await openTestTown({ args: ['--notify-keyspace-events', ''] });
    const { wake } = await listen(town, town.redis, { shortestMs: 10, longestMs: 300, scanMs: 300 });
    let [count, at] = [await looksAt(town), Date.now()];
    const slowedDown = async (): Promise<boolean> => {
      const now = await looksAt(town);
      if (now === count) return false;
      const gap = Date.now() - at;
      [count, at] = [now, Date.now()];
      return gap >= 250;
    };
    await eventually(slowedDown, { what: 'a long wait between two looks' });
    wake.dispose();
  });

  it('tries it out where the configuration is kept from us', async () => {
    town = await openTestTown();
    const everything = ['on', '>pw', '~tt:*', '&*', '+@all', '-@dangerous', '-config', '+info'];
    await town.server.cli('ACL', 'SETUSER', 'guest', ...everything);
    const url = `unix://guest:pw@${town.server.socketPath}`;
    const guest = await openRedis({ kind: 'url', source: 'setting', url }, silentLogger);
    const trusted = await listen(town, guest);
    assert.equal(trusted.wake.mode, 'notifications');
    await wakesForEverything(town, trusted);
    trusted.wake.dispose();
    await town.server.cli('CONFIG', 'SET', 'notify-keyspace-events', 'KEl');
    const partly = await listen(town, guest);
    assert.equal(partly.wake.mode, 'poll');
    partly.wake.dispose();
    guest.close();
  });

  it('polls for a user who may not subscribe', async () => {
    town = await openTestTown();
    await town.server.cli('ACL', 'SETUSER', 'guest', 'on', '>pw', '~tt:*', 'resetchannels', '+@all', '-config');
    const url = `unix://guest:pw@${town.server.socketPath}`;
    const guest = await openRedis({ kind: 'url', source: 'setting', url }, silentLogger);
    const { wake, told } = await listen(town, guest);
    assert.equal(wake.mode, 'poll');
    await wakesForEverything(town, { wake, told });
    wake.dispose();
    guest.close();
  });

  for (const flags of ['Kghl$tx', '']) {
    it(`tells everything after a loss, and goes on (${flags === '' ? 'polling' : 'notified'})`, async () => {
      town = await openTestTown({ args: ['--notify-keyspace-events', flags] });
      const { wake, told } = await listen(town);
      await town.server.kill();
      await eventually(() => town.redis.state === 'lost');
      await town.server.restart();
      await eventually(() => told.some(({ kind }) => kind === 'everything'));
      await wakesForEverything(town, { wake, told });
      wake.dispose();
    });
  }
});

describe('waking where the first look after a loss fails', () => {
  let town: TestTown;
  afterEach(() => town.close());

  it('goes on as soon as Redis lets it', async () => {
    town = await openTestTown({ args: ['--notify-keyspace-events', ''] });
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (line: string) => void warnings.push(line) };
    const wake = new WakeSource(town.redis, town.keys, logger, { ...quickPoll, armAgainMs: 20 });
    const told: Wake[] = [];
    wake.onChange((change) => told.push(change));
    await wake.start();
    await town.server.cli('ACL', 'SETUSER', 'default', '-scan');
    for (const type of ['normal', 'pubsub']) await town.server.cli('CLIENT', 'KILL', 'TYPE', type);
    // Between the two it may have been back.
    warnings.length = 0;
    const isRefused = (): boolean => warnings.some((line) => line.includes('Waiting for changes failed'));
    await eventually(() => town.redis.state === 'ready' && isRefused());
    await town.server.cli('ACL', 'SETUSER', 'default', '+scan');
    await eventually(() => told.some(({ kind }) => kind === 'everything'));
    await wakesForEverything(town, { wake, told });
    wake.dispose();
  });
});

describe('the mirror of a town', () => {
  let town: TestTown;
  let agents: AgentStore;
  let tasks: TaskStore;
  let inbox: InboxStore;
  let mirror: TownMirror;
  let wake: WakeSource;
  const changes: MirrorChange[] = [];

  async function open(args: readonly string[] = []): Promise<void> {
    town = await openTestTown({ args });
    const { redis, keys } = town;
    agents = new AgentStore(redis, keys);
    tasks = new TaskStore(redis, keys);
    inbox = new InboxStore(redis, keys);
    wake = new WakeSource(redis, keys, silentLogger, quickPoll);
    mirror = new TownMirror(redis, keys, wake, silentLogger);
    changes.length = 0;
    mirror.onDidChange((change) => changes.push(change));
  }
  async function start(): Promise<void> {
    await wake.start();
    await mirror.start();
  }
  afterEach(async () => {
    mirror.dispose();
    wake.dispose();
    await town.close();
  });

  for (const args of [[], ['--notify-keyspace-events', '']]) {
    it(`shows what was there and what comes (${args.length === 0 ? 'notified' : 'polling'})`, async () => {
      await open(args);
      const [anna, bert] = [testAgent('anna'), testAgent('bert')];
      await agents.create(anna);
      await inbox.send(ping(anna.id));
      const waiting = await tasks.addToBacklog({ description: 'x' });
      await start();
      assert.deepEqual(
        [...mirror.agents.values()].map(({ name }) => name),
        ['anna'],
      );
      assert.deepEqual(mirror.waiting(anna.id), { inbox: 1, urgent: 0, held: 0, dead: 0 });
      assert.deepEqual(mirror.backlog, [waiting.id]);
      assert.equal(mirror.tasks.get(waiting.id)?.description, 'x');
      assert.ok(mirror.connected);

      await agents.create(bert);
      await eventually(() => mirror.agents.get(bert.id)?.name === 'bert');
      await inbox.send(ping(bert.id), { urgent: true });
      await eventually(() => mirror.waiting(bert.id).urgent === 1);
      await agents.setFields(bert.id, { state: 'working' });
      await eventually(() => mirror.agents.get(bert.id)?.state === 'working');
      await tasks.claim(waiting.id, bert.id, SUPERVISOR_ID);
      await eventually(() => mirror.tasks.get(waiting.id)?.assignedTo === bert.id && mirror.backlog.length === 0);
      await inbox.send(ping(SUPERVISOR_ID));
      await eventually(() => mirror.waiting(SUPERVISOR_ID).inbox === 1);
      await agents.remove(anna);
      await eventually(() => !mirror.agents.has(anna.id) && mirror.waiting(anna.id).inbox === 0);
    });
  }

  it('reads only what has changed, once for many changes of a moment', async () => {
    await open();
    const runner = Array.from({ length: 20 }, (_, place) => testAgent(`agent ${place}`));
    for (const agent of runner) await agents.create(agent);
    await start();
    const [first] = runner;
    assert.ok(first);
    const calls = async (name: string): Promise<number> =>
      Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(await town.server.cli('INFO', 'commandstats'))?.[1] ?? 0);
    const before = { hgetall: await calls('hgetall'), scan: await calls('scan') };
    changes.length = 0;
    const raw = town.server.client();
    const writes = raw.multi();
    for (let i = 0; i < 50; i += 1) writes.hset(town.keys.agent(first.id), 'rounds_completed', String(i));
    await writes.exec();
    await eventually(() => mirror.agents.get(first.id)?.roundsCompleted === 49);
    assert.ok((await calls('hgetall')) - before.hgetall <= 3);
    assert.equal(await calls('scan'), before.scan);
    for (const change of changes) assert.deepEqual([[...change.agents], change.everything], [[first.id], false]);
    assert.equal(await calls('keys'), 0);
  });

  it('reads an agent’s record together with its lists', async () => {
    await open();
    const agent = testAgent('anna');
    await agents.create(agent);
    const raw = town.server.client();
    const { keys } = town;
    await raw.rpush(keys.inbox(agent.id), 'x');
    await start();
    assert.equal(mirror.waiting(agent.id).inbox, 1);
    // The notification of the record comes late, or not at all.
    await raw.config('SET', 'notify-keyspace-events', 'Kl$g');
    await raw.multi().hset(keys.agent(agent.id), 'state', 'working').del(keys.inbox(agent.id)).exec();
    await eventually(() => mirror.waiting(agent.id).inbox === 0);
    assert.equal(mirror.agents.get(agent.id)?.state, 'working');
  });

  it('sets bad records aside, tells them, and takes them when they are mended', async () => {
    await open();
    const raw = town.server.client();
    const anna = testAgent('anna');
    await agents.create(anna);
    await raw.set(town.keys.inbox(anna.id), 'text');
    await raw.set(town.keys.backlog, 'text');
    const bad = randomUUID();
    await raw.hset(town.keys.agent(bad), { id: bad, name: 'bad', created_at: 'never' });
    await start();
    assert.deepEqual(
      new Map(mirror.problems.map(({ key, reason }) => [key, reason])),
      new Map([
        [town.keys.agent(bad), 'created_at is not a time'],
        [town.keys.inbox(anna.id), 'is a string but should be a list'],
        [town.keys.backlog, 'has the wrong type'],
      ]),
    );
    assert.deepEqual([...mirror.agents.keys()], [anna.id]);
    await raw.hset(town.keys.agent(bad), 'created_at', anna.createdAt);
    await raw.del(town.keys.inbox(anna.id), town.keys.backlog);
    await eventually(() => mirror.problems.length === 0 && mirror.agents.has(bad));
    await raw.hset(town.keys.agent(bad), 'state', 'dreaming');
    await eventually(() => mirror.problems.length === 1 && !mirror.agents.has(bad));
  });

  it('keeps the last known state while Redis is away, and catches up', async () => {
    await open();
    const anna = testAgent('anna');
    await agents.create(anna);
    await start();
    changes.length = 0;
    await town.server.kill();
    await eventually(() => changes.some(({ everything }) => everything));
    assert.equal(mirror.connected, false);
    assert.equal(mirror.agents.get(anna.id)?.name, 'anna');
    await assert.rejects(mirror.refresh(), { reason: 'redisUnavailable' });
    await town.server.restart();
    const raw = town.server.client();
    await raw.hset(town.keys.agent(anna.id), 'state', 'paused');
    await eventually(() => mirror.connected && mirror.agents.get(anna.id)?.state === 'paused');
    await inbox.send(ping(anna.id));
    await eventually(() => mirror.waiting(anna.id).inbox === 1);
  });
});
