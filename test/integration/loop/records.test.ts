/**
 * The attack of another client of the same Redis: it tries to stop the town with a record. What cannot be read is set aside
 * once, and everything else goes on. See `threats.md`, "stop the town with a record".
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { SUPERVISOR_ID, TownKeys } from '../../../src/town/keys.ts';
import type { TownSession } from '../../../src/loop/townSession.ts';
import type { AgentRecord } from '../../../src/town/records/records.ts';
import { encodeMessage, newMessage } from '../../../src/town/records/messages.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown, timesDelivered } from '../../support/testTown.ts';

const keys = new TownKeys('test-town');
const notUtf8 = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);

describe('a record that cannot be read', function () {
  this.timeout(120_000);
  let town: TestTown;
  let session: TownSession;
  let agent: AgentRecord;
  let redis: ReturnType<TestTown['redis']['client']>;

  closesAfterEach(() => town);

  beforeEach(async () => {
    town = await startTestTown();
    redis = town.redis.client();
    session = await town.open({}, { retryMs: 20 });
    agent = await session.actions.spawnAgent({ name: 'ops' });
    await agentWhen(session, 'ops', (it) => it.state === 'idle', 'idle');
  });

  /** The agent works, and can be stopped and restarted. */
  async function goesOn(rounds = 1): Promise<void> {
    await session.actions.sendMessage('ops', 'the work');
    await agentWhen(session, 'ops', (it) => it.state === 'idle' && it.roundsCompleted >= rounds, 'a round');
    await session.actions.stopAgent('ops');
    await agentWhen(session, 'ops', (it) => it.state === 'stopped', 'stopped');
    await session.actions.restartAgent('ops');
    await session.actions.sendMessage('ops', 'more work');
    await eventually(() => timesDelivered(town, 'more work') === 1, { what: 'more work' });
  }

  const problems = (pattern: RegExp): number => town.log.filter((line) => pattern.test(line)).length;

  it('in flight is set aside once, whatever it is', async () => {
    await redis.hset(keys.inflight(agent.id), 'x', 'no batch', notUtf8, notUtf8, 'y', '{"id":"other"}');
    const held = encodeMessage(newMessage({ type: 'task', description: 'm', from: SUPERVISOR_ID, to: agent.id }));
    const other = {
      id: 'z',
      kind: 'round',
      at: 1,
      threadId: null,
      delivered: false,
      messages: [{ id: 'm', list: 'inbox', raw: held }],
    };
    await redis.hset(keys.inflight(agent.id), 'of another id', JSON.stringify(other));
    await goesOn();
    await agentWhen(session, 'ops', (it) => it.state === 'idle', 'idle');
    assert.equal(await redis.hlen(keys.inflight(agent.id)), 0);
    assert.equal(await redis.llen(keys.dead(agent.id)), 4);
    assert.equal(problems(/in flight was set aside/), 4);
    await session.actions.leftovers.dismissDead('ops');
    assert.equal(await redis.llen(keys.dead(agent.id)), 0);
  });

  it('is a task whose state is spelled otherwise, or missing: its message is handled', async () => {
    for (const [index, state] of ['in_flight', undefined, 'IN_FLIGHT'].entries()) {
      const task = await session.actions.tasks.add(`task ${index}`);
      if (state === undefined) await redis.hdel(keys.task(task.id), 'state');
      else await redis.hset(keys.task(task.id), 'state', state);
      const message = newMessage({ type: 'task_assign', taskId: task.id, from: SUPERVISOR_ID, to: agent.id });
      await redis.rpush(keys.inbox(agent.id), encodeMessage(message));
      await agentWhen(
        session,
        'ops',
        (it) => it.state === 'idle' && it.roundsCompleted === index + 1,
        `round ${index}`,
      );
    }
    await goesOn(4);
  });

  it('is a key of the agent of another type: it is moved aside', async () => {
    const kinds = ['inbox', 'urgent', 'inflight', 'turn', 'held', 'dead', 'settled', 'control'] as const;
    for (const kind of kinds) {
      await redis.del(keys[kind](agent.id));
      if (kind === 'control') await redis.sadd(keys[kind](agent.id), 'x');
      else await redis.set(keys[kind](agent.id), 'x');
    }
    await redis.del(keys.backlog);
    await redis.set(keys.backlog, 'x');
    await eventually(async () => (await redis.exists(keys.inbox(agent.id))) === 0, { what: 'the inbox is free' });
    await goesOn();
    await redis.rpush(keys.inbox(agent.id), 'no message');
    await eventually(async () => (await redis.llen(keys.dead(agent.id))) === 1, { what: 'a dead letter' });
    const broken = await redis.keys(`${keys.pattern.slice(0, -1)}broken:*`);
    for (const kind of ['inbox', 'urgent', 'inflight', 'turn', 'dead', 'control'])
      assert.equal(broken.filter((key) => key.includes(`broken:${kind}:${agent.id}`)).length, 1, kind);
    assert.equal(problems(/inbox.* was set aside as/), 1);
  });

  it('is a backlog that is no list: the view names it once, and agents and tasks go on', async () => {
    const task = await session.actions.tasks.add('from before');
    await redis.del(keys.backlog);
    await redis.set(keys.backlog, 'x');
    const named = (): number => session.mirror.problems.filter(({ key }) => key === keys.backlog).length;
    await eventually(() => named() === 1, { what: 'the backlog is named' });
    await assert.rejects(session.actions.tasks.add('not possible'), { reason: 'redisFailed' });
    await session.actions.assignTask('ops', 'the task');
    await agentWhen(session, 'ops', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'a round');
    await goesOn(2);
    assert.equal(named(), 1);
    assert.equal(problems(/backlog/), 0, 'no agent reports what is not its own');
    await redis.del(keys.backlog);
    await redis.rpush(keys.backlog, task.id);
    await eventually(() => named() === 0 && session.mirror.backlog.length === 1, { what: 'it can be read again' });
  });

  it('is an epoch or a lease of another type: the agent is taken again, and goes on', async () => {
    let rounds = 0;
    for (const kinds of [['epoch'], ['lease'], ['lease', 'epoch']] as const) {
      for (const kind of kinds) {
        await redis.del(keys[kind](agent.id));
        await redis.rpush(keys[kind](agent.id), 'x');
      }
      await session.actions.sendMessage('ops', `work beside ${kinds.join(' and ')}`);
      rounds += 1;
      await agentWhen(session, 'ops', (it) => it.state === 'idle' && it.roundsCompleted === rounds, kinds.join());
      assert.equal(timesDelivered(town, `work beside ${kinds.join(' and ')}`), 1);
    }
    await goesOn(rounds + 1);
    assert.equal(await redis.type(keys.epoch(agent.id)), 'string');
    assert.ok(problems(/WRONGTYPE|wrong type|not of the type/) <= 1, 'told once at most');
  });

  it('in held or dead work is shown, and can be dismissed', async () => {
    for (const kind of ['held', 'dead'] as const) await redis.rpush(keys[kind](agent.id), 'no record', notUtf8, '[]');
    const receipts = await session.receipts.list(agent.id);
    assert.equal(receipts.filter(({ state }) => state === 'held').length, 3);
    assert.equal(receipts.filter(({ state }) => state === 'dead').length, 3);
    await session.actions.leftovers.dismissHeld('ops');
    await session.actions.leftovers.dismissDead('ops');
    assert.equal(await redis.exists(keys.held(agent.id), keys.dead(agent.id)), 0);
    await goesOn();
  });

  it('of one agent does not end the signs of life of others', async () => {
    const other = await session.actions.spawnAgent({ name: 'other' });
    await agentWhen(session, 'other', (it) => it.state === 'idle', 'idle');
    await redis.del(keys.agent(other.id));
    await redis.set(keys.agent(other.id), 'x');
    await redis.hdel(keys.agent(agent.id), 'last_heartbeat');
    await eventually(async () => (await redis.hget(keys.agent(agent.id), 'last_heartbeat')) !== null, {
      what: 'a sign of life',
    });
    await goesOn();
  });

  it('among control entries, events, the turn’s fields and the tags of tasks stops nobody', async () => {
    const task = await session.actions.tasks.add('tagged');
    await redis.hset(keys.task(task.id), 'tags', 'no JSON');
    await redis.rpush(keys.backlog, randomUUID(), notUtf8, 'x');
    await redis.hset(keys.turn(agent.id), 'seen', notUtf8, 'left_waiting', '{', 'requests', '{', 'not_before', 'soon');
    for (const fields of [
      ['action', 'dance'],
      ['x', 'y'],
      ['action', 'answer', 'answer', '{'],
      [notUtf8, notUtf8],
    ])
      await redis.xadd(keys.control(agent.id), '*', ...fields);
    await redis.xadd(keys.events, '*', 'x', 'y');
    await redis.xadd(keys.agentEvents(agent.id), '*', 'event_type', 'x', 'data', '{');
    await goesOn();
    assert.equal(await redis.xlen(keys.control(agent.id)), 0);
  });
});

function notes(to: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const from = { from: SUPERVISOR_ID, to };
    return encodeMessage(
      newMessage(
        index % 2 === 0
          ? { type: 'informational', summary: `note ${index} "type":"task"`, ...from }
          : { type: 'custom', kind: 'fyi', payload: `note ${index}`, ...from },
      ),
    );
  });
}

describe('messages without number and size', function () {
  this.timeout(120_000);
  let town: TestTown;

  closesAfterEach(() => town);

  it('start a turn from behind 700 notes', async () => {
    town = await startTestTown();
    const session = await town.open();
    const redis = town.redis.client();
    const agent = await session.actions.spawnAgent({ name: 'ops' });
    await agentWhen(session, 'ops', (it) => it.state === 'idle', 'idle');
    await redis.rpush(keys.inbox(agent.id), ...notes(agent.id, 700));
    await session.actions.sendMessage('ops', 'the work');
    await agentWhen(session, 'ops', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'a round');
    assert.equal(timesDelivered(town, 'the work'), 1);
    assert.equal(await redis.llen(keys.inbox(agent.id)), 501);
    assert.match(town.model.userMessages()[0] ?? '', /- and 191 more/);
  });

  it('that only inform do not have a cold agent taken and given back again and again', async () => {
    town = await startTestTown();
    const session = await town.open({ idleTimeoutSeconds: 1 });
    const redis = town.redis.client();
    const cold = await session.actions.spawnAgent({ name: 'cold' });
    const taken: string[] = [];
    const listener = town.redis.client();
    listener.on('message', (_channel: string, event: string) => taken.push(event));
    await listener.subscribe(`__keyspace@0__:${keys.lease(cold.id)}`);
    await agentWhen(session, 'cold', (it, view) => it.state === 'cold' && view.owner === 'none', 'cold');
    await eventually(async () => (await redis.exists(keys.lease(cold.id))) === 0, { what: 'given back' });
    const before = taken.length;
    await redis.rpush(keys.inbox(cold.id), ...notes(cold.id, 300));
    await eventually(() => taken.slice(before).includes('del'), { what: 'a look' });
    await session.actions.spawnAgent({ name: 'other', task: 'meanwhile' });
    await agentWhen(session, 'other', (it) => it.roundsCompleted === 1, 'a round of another');
    assert.deepEqual(taken.slice(before), ['set', 'del']);
    await session.actions.sendMessage('cold', 'the work');
    await agentWhen(session, 'cold', (it) => it.roundsCompleted === 1, 'a round');
  });

  it('fill a round up to what Codex takes; the rest follows in order, and what can never fit is set aside', async () => {
    town = await startTestTown();
    const session = await town.open({ maxAttempts: 1 });
    const redis = town.redis.client();
    const agent = await session.actions.spawnAgent({ name: 'ops' });
    await agentWhen(session, 'ops', (it) => it.state === 'idle', 'idle');
    const big = (mark: string, length: number): string =>
      encodeMessage(
        newMessage({
          type: 'task',
          description: `${mark}\n${'x'.repeat(length)}`,
          from: SUPERVISOR_ID,
          to: agent.id,
        }),
      );
    const wholes = [big('one', 600_000), big('two', 600_000), big('huge', 1_048_560), big('three', 10)];
    await redis.rpush(keys.inbox(agent.id), ...wholes);
    await agentWhen(session, 'ops', (it) => it.state === 'idle' && it.roundsCompleted === 3, 'three rounds');
    await eventually(() => session.mirror.waiting(agent.id).dead === 1, { what: 'the one that never fits' });
    const texts = town.model
      .userMessages()
      .map((text) => ['one', 'two', 'huge', 'three'].filter((mark) => new RegExp(`^${mark}$`, 'm').test(text)));
    assert.deepEqual(texts, [['one'], ['two'], ['three']]);
    const dead = (await session.receipts.list(agent.id)).filter(({ state }) => state === 'dead');
    assert.match(dead[0]?.reason ?? '', /longer than one turn can carry/);
    await assert.rejects(session.actions.sendMessage('ops', 'x'.repeat(1_000_001)), /longer than 1000000 characters/);
  });
});
