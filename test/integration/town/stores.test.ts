import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ActivityLog } from '../../../src/town/records/activity.ts';
import { AgentStore } from '../../../src/town/stores/agents.ts';
import { EventLog, newEvent } from '../../../src/town/stores/events.ts';
import { InboxStore } from '../../../src/town/stores/inbox.ts';
import { SUPERVISOR_ID } from '../../../src/town/keys.ts';
import { encodeMessage, newMessage, type Priority } from '../../../src/town/records/messages.ts';
import type { AgentRecord } from '../../../src/town/records/records.ts';
import { TaskEdits } from '../../../src/town/stores/taskEdits.ts';
import { TaskStore } from '../../../src/town/stores/tasks.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestTown, openTestTown, testAgent } from '../../support/redisTown.ts';

describe('a town in Redis', () => {
  let town: TestTown;
  let agents: AgentStore;
  let inbox: InboxStore;
  let tasks: TaskStore;
  let edits: TaskEdits;
  let events: EventLog;
  let raw: ReturnType<TestTown['server']['client']>;
  let anna: AgentRecord;

  before(async () => {
    town = await openTestTown();
    raw = town.server.client();
    const { redis, keys } = town;
    agents = new AgentStore(redis, keys);
    inbox = new InboxStore(redis, keys);
    tasks = new TaskStore(redis, keys);
    edits = new TaskEdits(redis, keys);
    events = new EventLog(redis, keys);
  });
  after(() => town.close());
  beforeEach(async () => {
    await raw.flushall();
    anna = testAgent('anna');
    await agents.create(anna);
  });

  const say = (description: string, priority: Priority = 'normal') =>
    newMessage({ type: 'task', description, from: SUPERVISOR_ID, to: anna.id, priority });
  const told = async (id: string): Promise<object[]> =>
    (await inbox.list(id)).inbox.map((message) =>
      Object.fromEntries(
        Object.entries(message).filter(([name]) => !['id', 'createdAt', 'priority', 'correlationId'].includes(name)),
      ),
    );
  const eventTypes = async (agentId?: string): Promise<string[]> =>
    (await events.readSince('0', agentId === undefined ? {} : { agentId })).map(({ eventType }) => eventType);

  describe('agents', () => {
    it('get another name, unless somebody has it', async () => {
      const bela = testAgent('bela');
      await agents.create(bela);
      await assert.rejects(agents.rename(bela, 'Anna'), { reason: 'nameInvalid' });
      assert.equal(await agents.rename(bela, 'bela-2'), true);
      assert.equal((await agents.get(bela.id))?.name, 'bela-2');
      await agents.rename(anna, 'bela');
      assert.equal((await agents.get(anna.id))?.name, 'bela');
      assert.equal(await agents.rename(testAgent('nobody'), 'ghost'), false);
    });

    it('cannot both get a name that two windows give at once', async () => {
      const bela = testAgent('bela');
      await agents.create(bela);
      const given = await Promise.allSettled([agents.rename(anna, 'carl'), agents.rename(bela, 'carl')]);
      assert.deepEqual(given.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    });

    it('get a name whose reservation somebody has made something else of', async () => {
      const { keys } = town;
      for (const name of ['bela', 'Bee', 'bela-2']) await raw.rpush(keys.reservedName(name), 'x');
      const bela = testAgent('bela', { nickname: 'Bee' });
      await agents.create(bela);
      assert.equal(await agents.rename(bela, 'bela-2'), true);
      assert.equal((await agents.get(bela.id))?.name, 'bela-2');
      assert.equal(await raw.get(keys.reservedName('bela-2')), bela.id);
      assert.ok((await raw.pttl(keys.reservedName('bela-2'))) > 0);
    });

    it('are made with an event, once', async () => {
      await agents.create(anna);
      assert.deepEqual((await agents.list()).agents, [await agents.get(anna.id)]);
      assert.equal((await agents.get(anna.id))?.name, 'anna');
      assert.deepEqual(await eventTypes(), ['agent_spawned']);
      assert.deepEqual(await eventTypes(anna.id), ['agent_spawned']);
    });

    it('do not share a name, in any case, nor with a nickname', async () => {
      for (const other of [testAgent('ANNA'), testAgent('bert', { nickname: 'Anna' }), testAgent('supervisor')]) {
        await assert.rejects(agents.create(other), { reason: 'nameInvalid' });
      }
      assert.equal((await agents.list()).agents.length, 1);
    });

    it('made at the same moment with one name: one wins', async () => {
      const rivals = Array.from({ length: 5 }, () => testAgent('bert'));
      const results = await Promise.allSettled(rivals.map((agent) => agents.create(agent)));
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
      assert.equal((await agents.list()).agents.filter(({ name }) => name === 'bert').length, 1);
    });

    it('are changed by single fields, and never made by that', async () => {
      await raw.hset(town.keys.agent(anna.id), 'colour', 'red');
      assert.ok(await agents.setFields(anna.id, { state: 'working', currentTask: randomUUID(), persistent: false }));
      assert.ok(await agents.setFields(anna.id, { currentTask: undefined, lastError: undefined }));
      const now = await agents.get(anna.id);
      assert.deepEqual(
        [now?.state, now?.persistent, now?.currentTask, now?.name],
        ['working', false, undefined, 'anna'],
      );
      assert.equal(await raw.hget(town.keys.agent(anna.id), 'colour'), 'red');
      const nobody = randomUUID();
      assert.equal(await agents.setFields(nobody, { state: 'idle' }), false);
      assert.equal(await raw.exists(town.keys.agent(nobody)), 0);
    });

    it('are removed with all that was kept for them, and leave their name', async () => {
      await inbox.send(newMessage({ type: 'ping', from: SUPERVISOR_ID, to: anna.id }));
      for (const key of town.keys.besideAgent(anna.id)) if ((await raw.exists(key)) === 0) await raw.set(key, '1');
      assert.ok(await agents.remove(anna));
      assert.equal(await agents.remove(anna), false);
      for (const key of town.keys.besideAgent(anna.id)) assert.equal(await raw.exists(key), 0, key);
      assert.deepEqual(await eventTypes(), ['agent_spawned', 'agent_stopped']);
      await agents.create(testAgent('anna'));
    });

    it('that are malformed are told, and left alone', async () => {
      const { keys } = town;
      const ids = Array.from({ length: 6 }, () => randomUUID());
      const [wrongType = '', noName = '', badState = '', badCount = '', otherId = '', notUtf8 = ''] = ids;
      const good = { name: 'x', created_at: anna.createdAt };
      await raw.set(keys.agent(wrongType), 'text');
      await raw.hset(keys.agent(noName), { id: noName });
      await raw.hset(keys.agent(badState), { ...good, id: badState, state: 'dreaming' });
      await raw.hset(keys.agent(badCount), { ...good, id: badCount, tasks_completed: 'NaN' });
      await raw.hset(keys.agent(otherId), { ...good, id: anna.id });
      await raw.hset(keys.agent(notUtf8), { ...good, id: notUtf8, name: Buffer.from([0x62, 0xff, 0xfe]) });
      await raw.hset(keys.agent(SUPERVISOR_ID), { ...good, id: SUPERVISOR_ID });
      await raw.hset(`${keys.prefix}agent:backend`, { ...good, id: 'backend' });
      const before = await raw.dump(keys.agent(badCount));
      const { agents: read, malformed } = await agents.list();
      assert.deepEqual(
        read.map(({ id }) => id),
        [anna.id],
      );
      const reasons = new Map(malformed.map(({ key, reason }) => [key, reason]));
      assert.equal(reasons.size, 8);
      assert.match(reasons.get(keys.agent(SUPERVISOR_ID)) ?? '', /^has the id of the supervisor/);
      assert.match(reasons.get(keys.agent(wrongType)) ?? '', /^has the wrong type$/);
      assert.match(reasons.get(keys.agent(noName)) ?? '', /^name is missing/);
      assert.match(reasons.get(keys.agent(badState)) ?? '', /^state/);
      assert.match(reasons.get(keys.agent(badCount)) ?? '', /^tasks_completed/);
      assert.match(reasons.get(keys.agent(otherId)) ?? '', /^has the id of another key/);
      assert.match(reasons.get(keys.agent(notUtf8)) ?? '', /^name is not valid UTF-8/);
      assert.match(reasons.get(`${keys.prefix}agent:backend`) ?? '', /^id is not an id/);
      assert.deepEqual(await raw.dump(keys.agent(badCount)), before);
      await assert.rejects(agents.get(badState), { reason: 'recordMalformed' });
      await assert.rejects(agents.get(wrongType), { reason: 'recordMalformed' });
    });

    it('of a town whose name is a pattern are not those of another', async () => {
      const { TownKeys } = await import('../../../src/town/keys.ts');
      const odd = new AgentStore(town.redis, new TownKeys('t?wn'));
      const other = new AgentStore(town.redis, new TownKeys('town'));
      await odd.create(testAgent('odd'));
      await other.create(testAgent('other'));
      assert.deepEqual(
        (await odd.list()).agents.map(({ name }) => name),
        ['odd'],
      );
    });

    it('are asked to stop as tt asks', async () => {
      await agents.requestStop(anna.id);
      assert.equal(await raw.get(town.keys.stop(anna.id)), '1');
      assert.ok((await raw.ttl(town.keys.stop(anna.id))) > 3590);
    });
  });

  describe('messages', () => {
    it('wait in the order in which tt would read them', async () => {
      for (const message of [say('1'), say('2', 'low'), say('3', 'high'), say('4', 'urgent')])
        await inbox.send(message);
      const { inbox: waiting, urgent } = await inbox.list(anna.id);
      assert.deepEqual(
        waiting.map((it) => it.type === 'task' && it.description),
        ['4', '3', '1', '2'],
      );
      assert.deepEqual(urgent, []);
    });

    it('that are urgent wait apart, ordered by their time', async () => {
      const [first, second] = [say('1'), say('2')];
      first.createdAt = '2026-01-01T00:00:00.000Z';
      second.createdAt = '2026-01-01T00:00:01.000Z';
      await inbox.send(first, { urgent: true });
      await inbox.send(second, { urgent: true });
      assert.equal(await raw.lindex(town.keys.urgent(anna.id), 0), encodeMessage(second));
      assert.deepEqual((await inbox.list(anna.id)).urgent, [first, second]);
    });

    it('are written once, however often they are sent', async () => {
      const message = say('x'.repeat(20_000));
      await Promise.all([inbox.send(message), inbox.send(message), inbox.send(message)]);
      assert.deepEqual((await inbox.list(anna.id)).inbox, [message]);
      const ttl = await raw.pttl(town.keys.sent(message.id));
      assert.ok(ttl > 0 && ttl <= 60_000);
    });

    it('go to the supervisor, who has no record, and to nobody who is gone', async () => {
      const note = newMessage({ type: 'query', question: '?', from: anna.id, to: SUPERVISOR_ID });
      await inbox.send(note);
      assert.deepEqual((await inbox.list(SUPERVISOR_ID)).inbox, [note]);
      const lost = newMessage({ type: 'ping', from: SUPERVISOR_ID, to: randomUUID() });
      await assert.rejects(inbox.send(lost), { reason: 'agentGone' });
      assert.equal(await raw.exists(town.keys.inbox(lost.to), town.keys.sent(lost.id)), 0);
    });

    it('that are malformed are told and stay', async () => {
      const good = say('good');
      await raw.rpush(town.keys.inbox(anna.id), 'hello', encodeMessage(good), '{"type":"song"}', Buffer.from([0xff]));
      const { inbox: waiting, malformed } = await inbox.list(anna.id);
      assert.deepEqual(waiting, [good]);
      assert.equal(malformed.length, 3);
      assert.match(malformed[0]?.reason ?? '', /element \(1\) that is not JSON/);
      assert.equal(await raw.llen(town.keys.inbox(anna.id)), 4);
    });

    it('are sent once where somebody has made something else of what remembers them', async () => {
      const message = say('x');
      await inbox.send(message);
      await raw.del(town.keys.sent(message.id));
      await raw.rpush(town.keys.sent(message.id), 'x');
      await inbox.send(message);
      assert.deepEqual((await inbox.list(anna.id)).inbox, [message]);
    });

    it('are not lost in a key that is no list: the sender is told, and may send again', async () => {
      await raw.set(town.keys.inbox(anna.id), 'text');
      const message = say('x');
      await assert.rejects(inbox.send(message), { reason: 'redisFailed' });
      const { malformed } = await inbox.list(anna.id);
      assert.deepEqual(malformed, [{ key: town.keys.inbox(anna.id), reason: 'has the wrong type' }]);
      await raw.del(town.keys.inbox(anna.id));
      await inbox.send(message);
      assert.deepEqual((await inbox.list(anna.id)).inbox, [message]);
    });

    it('may be for everyone who listens', async () => {
      const listener = town.server.client();
      await listener.subscribe(town.keys.broadcast);
      const heard = new Promise<string>((resolve) => listener.once('message', (_channel, text) => resolve(text)));
      const message = newMessage({ type: 'informational', summary: 'hi', from: SUPERVISOR_ID, to: SUPERVISOR_ID });
      assert.equal(await inbox.broadcast(message), 1);
      assert.equal(await heard, encodeMessage(message));
    });
  });

  describe('tasks', () => {
    it('that are over are deleted when the person says so, and no others', async () => {
      const [open, done] = [
        await tasks.addToBacklog({ description: 'a' }),
        await tasks.addToBacklog({ description: 'b' }),
      ];
      await tasks.complete(done.id, 'fine', SUPERVISOR_ID);
      assert.equal(await tasks.clearFinished([open.id, done.id]), 1);
      assert.deepEqual(
        (await tasks.list()).tasks.map(({ id }) => id),
        [open.id],
      );
    });

    it('are assigned with a message and an event', async () => {
      const task = await tasks.assign({ description: 'Fix it', tags: ['api'] }, anna.id, SUPERVISOR_ID);
      assert.deepEqual(await tasks.get(task.id), { ...task, ...absent });
      assert.equal(task.state, 'assigned');
      const [message] = (await inbox.list(anna.id)).inbox;
      assert.ok(message?.type === 'task_assign');
      assert.deepEqual([message.taskId, message.from, message.to], [task.id, SUPERVISOR_ID, anna.id]);
      assert.deepEqual(await eventTypes(anna.id), ['agent_spawned', 'task_assigned']);
      await tasks.assign({ description: 'Now!' }, anna.id, SUPERVISOR_ID, { urgent: true });
      assert.equal((await inbox.list(anna.id)).urgent.length, 1);
    });

    it('are not assigned to nobody', async () => {
      await assert.rejects(tasks.assign({ description: 'x' }, randomUUID(), SUPERVISOR_ID), { reason: 'agentGone' });
      assert.deepEqual((await tasks.list()).tasks, []);
    });

    it('are not assigned by half where the inbox is no list', async () => {
      await raw.set(town.keys.inbox(anna.id), 'text');
      await assert.rejects(tasks.assign({ description: 'x' }, anna.id, SUPERVISOR_ID), { reason: 'redisFailed' });
      assert.deepEqual((await tasks.list()).tasks, []);
    });

    it('end once, count for their agent and are no longer its current one', async () => {
      const task = await tasks.assign({ description: 'x' }, anna.id, SUPERVISOR_ID);
      await agents.setFields(anna.id, { currentTask: task.id });
      assert.equal(await tasks.complete(task.id, 'done'), 'done');
      assert.equal(await tasks.complete(task.id, 'again'), 'over');
      assert.equal(await tasks.fail(task.id, 'no'), 'over');
      const ended = await tasks.get(task.id);
      assert.deepEqual([ended?.state, ended?.result], ['completed', 'done']);
      assert.equal(ended?.completedAt, ended?.updatedAt);
      const agent = await agents.get(anna.id);
      assert.deepEqual([agent?.tasksCompleted, agent?.currentTask], [1, undefined]);
      assert.deepEqual(await eventTypes(anna.id), ['agent_spawned', 'task_assigned', 'task_completed']);
    });

    it('tell who assigned them how they ended, once, and leave nothing that asks for them', async () => {
      const berta = testAgent('berta');
      await agents.create(berta);
      const one = await tasks.assign({ description: '1' }, anna.id, berta.id);
      const two = await tasks.assign({ description: '2' }, anna.id, SUPERVISOR_ID, { urgent: true });
      const three = await tasks.assign({ description: '3' }, anna.id, SUPERVISOR_ID);
      assert.equal(await tasks.complete(one.id, 'done'), 'done');
      assert.equal(await tasks.complete(one.id, 'again'), 'over');
      assert.equal(await tasks.fail(two.id, 'broke'), 'done');
      assert.deepEqual(await told(berta.id), [
        { type: 'task_done', taskId: one.id, result: 'done', from: anna.id, to: berta.id },
      ]);
      assert.deepEqual(await told(SUPERVISOR_ID), [
        { type: 'task_failed', taskId: two.id, error: 'broke', from: anna.id, to: SUPERVISOR_ID },
      ]);
      assert.deepEqual(await told(anna.id), [
        { type: 'task_assign', taskId: three.id, from: SUPERVISOR_ID, to: anna.id },
      ]);
      assert.equal(await raw.llen(town.keys.urgent(anna.id)), 0);
    });

    it('tell nobody who knows, or is gone; one of tt tells the supervisor', async () => {
      const berta = testAgent('berta');
      await agents.create(berta);
      const own = await tasks.assign({ description: 'own' }, anna.id, anna.id);
      const mine = await tasks.assign({ description: 'mine' }, anna.id, SUPERVISOR_ID);
      const orphan = await tasks.assign({ description: 'orphan' }, anna.id, berta.id);
      const ofTt = await tasks.assign({ description: 'tt' }, anna.id, SUPERVISOR_ID);
      await raw.hdel(town.keys.task(ofTt.id), 'assigned_by');
      await agents.remove(berta);
      assert.equal(await tasks.complete(own.id, 'done'), 'done');
      assert.equal(await tasks.complete(mine.id, 'done', SUPERVISOR_ID), 'done');
      assert.equal(await tasks.complete(orphan.id, 'done'), 'done');
      assert.equal(await raw.llen(town.keys.inbox(SUPERVISOR_ID)), 0);
      assert.equal(await tasks.complete(ofTt.id, 'done'), 'done');
      assert.equal(await raw.llen(town.keys.inbox(SUPERVISOR_ID)), 1);
      assert.equal(await raw.exists(town.keys.inbox(berta.id)), 0);
      assert.equal(await raw.llen(town.keys.inbox(anna.id)), 0);
    });

    it('may be the supervisor’s', async () => {
      const task = await tasks.assign({ description: 'decide' }, SUPERVISOR_ID, anna.id);
      assert.equal((await inbox.list(SUPERVISOR_ID)).inbox.length, 1);
      assert.equal(await tasks.complete(task.id, 'yes'), 'done');
      assert.deepEqual(
        (await inbox.list(anna.id)).inbox.map(({ type }) => type),
        ['task_done'],
      );
      assert.equal(await raw.exists(town.keys.agent(SUPERVISOR_ID)), 0);
    });

    it('that fail or are cancelled do not count, and another current task stays', async () => {
      const [one, two, current] = [
        await tasks.assign({ description: '1' }, anna.id, SUPERVISOR_ID),
        await tasks.assign({ description: '2' }, anna.id, SUPERVISOR_ID),
        randomUUID(),
      ];
      await agents.setFields(anna.id, { currentTask: current });
      assert.equal(await tasks.fail(one.id, 'broke'), 'done');
      assert.equal(await tasks.cancel(two.id, 'not needed'), 'done');
      const agent = await agents.get(anna.id);
      assert.deepEqual([agent?.tasksCompleted, agent?.currentTask], [0, current]);
      assert.deepEqual((await tasks.list()).tasks.map(({ state }) => state).toSorted(), ['cancelled', 'failed']);
      assert.deepEqual(await eventTypes(), ['agent_spawned', 'task_assigned', 'task_assigned', 'task_failed']);
    });

    it('are cancelled with the message that assigns them only while that waits', async () => {
      const task = await tasks.assign({ description: 'x' }, anna.id, SUPERVISOR_ID);
      const list = town.keys.inbox(anna.id);
      const message = Buffer.from((await raw.lindex(list, 0)) ?? '');
      await raw.lpop(list);
      assert.equal(await tasks.cancelWaiting(task.id, 'not needed', message), 'taken');
      assert.equal((await tasks.get(task.id))?.state, 'assigned');
      await raw.lpush(list, message);
      assert.equal(await tasks.cancelWaiting(task.id, 'not needed', message), 'done');
      assert.equal((await tasks.get(task.id))?.state, 'cancelled');
      assert.equal(await raw.llen(list), 0);
    });

    it('of an agent that is gone, or whose counter is none, still end', async () => {
      const task = await tasks.assign({ description: 'x' }, anna.id, SUPERVISOR_ID);
      const second = await tasks.assign({ description: 'y' }, anna.id, SUPERVISOR_ID);
      await raw.hset(town.keys.agent(anna.id), 'tasks_completed', 'NaN');
      assert.equal(await tasks.complete(second.id, 'done'), 'done');
      assert.equal((await agents.get(anna.id))?.tasksCompleted, 1);
      await agents.remove(anna);
      assert.equal(await tasks.complete(task.id, 'done'), 'done');
      assert.equal(await raw.exists(town.keys.agent(anna.id)), 0);
      assert.equal(await tasks.complete(randomUUID(), 'done'), 'no-task');
    });

    it('with fields that are no UTF-8 end, are claimed and are edited at once', async () => {
      const notUtf8 = Buffer.from([0x61, 0xff, 0xfe]);
      const spoil = async (id: string, ...fields: string[]): Promise<void> => {
        for (const field of fields) await raw.hset(town.keys.task(id), field, notUtf8);
      };
      const ends = [
        (id: string) => tasks.complete(id, 'done'),
        (id: string) => tasks.fail(id, 'broke'),
        (id: string) => tasks.cancel(id, 'not needed'),
      ];
      for (const end of ends) {
        for (const fields of [
          ['assigned_to', 'assigned_by'],
          ['assigned_to'],
          ['assigned_by'],
          ['description', 'tags'],
        ]) {
          const { id } = await tasks.assign({ description: 'x' }, anna.id, SUPERVISOR_ID);
          await spoil(id, ...fields);
          assert.equal(await end(id), 'done', fields.join());
          assert.equal(await end(id), 'over', fields.join());
        }
      }
      const waiting = await tasks.assign({ description: 'x' }, anna.id, SUPERVISOR_ID);
      const message = Buffer.from((await raw.lindex(town.keys.inbox(anna.id), -1)) ?? '');
      await spoil(waiting.id, 'assigned_by', 'tags');
      assert.equal(await tasks.cancelWaiting(waiting.id, 'not needed', message), 'done');

      const { id } = await tasks.addToBacklog({ description: 'y' });
      await spoil(id, 'description', 'tags', 'assigned_to', 'assigned_by', 'result', 'state');
      await edits.tag(id, ['api']);
      await assert.rejects(edits.describe(id, 'z'), { reason: 'taskBegun' }, 'its state is not known');
      await tasks.claim(id, anna.id, SUPERVISOR_ID);
      await edits.describe(id, 'z');
      await spoil(id, 'description', 'result');
      assert.equal(await tasks.complete(id, 'done'), 'done');
      assert.equal((await tasks.get(id))?.result, 'done');
    });

    it('that are malformed are told', async () => {
      const id = randomUUID();
      await raw.hset(town.keys.task(id), { id, description: 'x', created_at: anna.createdAt, tags: 'api' });
      await raw.lpush(town.keys.task(randomUUID()), 'x');
      const { tasks: read, malformed } = await tasks.list();
      assert.deepEqual(read, []);
      assert.equal(malformed.length, 2);
      await assert.rejects(tasks.get(id), { reason: 'recordMalformed' });
    });
  });

  describe('the backlog', () => {
    it('keeps its order', async () => {
      const made = [];
      for (const description of ['1', '2', '3']) made.push(await tasks.addToBacklog({ description, tags: ['a', 'b'] }));
      assert.deepEqual(
        await tasks.backlog(),
        made.map(({ id }) => id),
      );
      assert.equal((await tasks.get(made[0]?.id ?? ''))?.state, 'pending');
    });

    it('that is no list stops only what puts tasks into it or takes them out', async () => {
      const { id } = await tasks.addToBacklog({ description: 'x' });
      await raw.set(town.keys.backlog, 'text');
      await edits.tag(id, ['api']);
      await edits.describe(id, 'y');
      const refused = { reason: 'redisFailed' };
      await assert.rejects(tasks.addToBacklog({ description: 'z' }), refused);
      await assert.rejects(tasks.claim(id, anna.id, SUPERVISOR_ID), refused);
      await assert.rejects(tasks.removeFromBacklog(id), refused);
      await assert.rejects(edits.move(id, undefined), refused);
      assert.equal((await tasks.list()).tasks.length, 1, 'nothing was made by half');
      assert.deepEqual((await tasks.get(id))?.tags, ['api']);
      assert.equal(await tasks.complete(id, 'done', SUPERVISOR_ID), 'done');
    });

    it('is put in another order, one task at a time', async () => {
      const ids: string[] = [];
      for (const description of ['1', '2', '3']) ids.push((await tasks.addToBacklog({ description })).id);
      const [one = '', two = '', three = ''] = ids;
      const moved = async (id: string, before?: string): Promise<string[]> => {
        await edits.move(id, before);
        return await tasks.backlog();
      };
      assert.deepEqual(await moved(three, one), [three, one, two]);
      assert.deepEqual(await moved(three, one), [three, one, two]);
      assert.deepEqual(await moved(three), [one, two, three]);
      assert.deepEqual(await moved(two, two), [one, two, three]);
      const gone = randomUUID();
      await assert.rejects(edits.move(gone, one), { reason: 'taskTaken' });
      await assert.rejects(edits.move(one, gone), { reason: 'taskTaken' });
      assert.deepEqual(await tasks.backlog(), [one, two, three]);
    });

    it('loses nothing when many put it in order at once', async () => {
      const ids: string[] = [];
      for (let count = 0; count < 6; count += 1) ids.push((await tasks.addToBacklog({ description: 'x' })).id);
      const moves = ids.flatMap((id, place) => [edits.move(id, ids[(place + 3) % 6]), edits.move(id, undefined)]);
      await Promise.all(moves);
      assert.deepEqual((await tasks.backlog()).toSorted(), ids.toSorted());
    });

    it('tells again of a task whose tags change', async () => {
      const { id } = await tasks.addToBacklog({ description: 'x', tags: ['a'] });
      const told = raw.duplicate();
      const heard: string[] = [];
      await told.psubscribe(`__keyspace@*__:${town.keys.backlog}`);
      told.on('pmessage', (_pattern, _channel, event: string) => heard.push(event));
      await edits.tag(id, ['b', 'c']);
      assert.deepEqual((await tasks.get(id))?.tags, ['b', 'c']);
      await eventually(() => heard.join() === 'lset');
      told.disconnect();
    });

    it('lets the text of a task be changed until somebody begins it, and its tags until it is over', async () => {
      const { id } = await tasks.addToBacklog({ description: 'x' });
      await edits.describe(id, 'y');
      await tasks.claim(id, anna.id, SUPERVISOR_ID);
      await edits.describe(id, 'z');
      assert.equal((await tasks.get(id))?.description, 'z');
      await raw.hset(town.keys.task(id), 'state', 'in_flight');
      await assert.rejects(edits.describe(id, 'too late'), { reason: 'taskBegun' });
      await edits.tag(id, ['late']);
      await tasks.complete(id, 'done');
      await assert.rejects(edits.tag(id, []), { reason: 'taskOver' });
      const gone = randomUUID();
      await assert.rejects(edits.tag(gone, []), { reason: 'taskGone' });
      assert.equal(await raw.exists(town.keys.task(gone)), 0);
    });

    it('gives a task to one of many that claim it', async () => {
      const task = await tasks.addToBacklog({ description: 'x' });
      const rivals = Array.from({ length: 5 }, (_, place) => testAgent(`rival ${place}`));
      for (const rival of rivals) await agents.create(rival);
      const results = await Promise.allSettled(rivals.map(({ id }) => tasks.claim(task.id, id, id)));
      const won = results.flatMap(({ status }, place) => (status === 'fulfilled' ? [rivals[place]?.id ?? ''] : []));
      assert.equal(won.length, 1);
      for (const result of results) {
        if (result.status === 'rejected') assert.equal(result.reason.reason, 'taskTaken');
      }
      const claimed = await tasks.get(task.id);
      assert.deepEqual([claimed?.state, claimed?.assignedTo], ['assigned', won[0]]);
      assert.deepEqual(await tasks.backlog(), []);
      for (const { id } of rivals) {
        assert.equal((await inbox.list(id)).inbox.length, id === won[0] ? 1 : 0);
      }
      // The winner's answer may be lost: to ask again is to be told the same, with nothing written.
      await tasks.claim(task.id, won[0] ?? '', SUPERVISOR_ID);
      assert.equal((await inbox.list(won[0] ?? '')).inbox.length, 1);
    });

    it('gives nothing to nobody, and nothing that is not there', async () => {
      const task = await tasks.addToBacklog({ description: 'x' });
      await assert.rejects(tasks.claim(task.id, randomUUID(), SUPERVISOR_ID), { reason: 'agentGone' });
      assert.deepEqual(await tasks.backlog(), [task.id]);
      await assert.rejects(tasks.claim(randomUUID(), anna.id, SUPERVISOR_ID), { reason: 'taskTaken' });
      await raw.del(town.keys.task(task.id));
      await assert.rejects(tasks.claim(task.id, anna.id, SUPERVISOR_ID), { reason: 'taskGone' });
      assert.deepEqual(await tasks.backlog(), []);
      assert.equal(await raw.exists(town.keys.task(task.id)), 0);
    });

    it('loses a task that is removed or completed', async () => {
      const [one, two] = [
        await tasks.addToBacklog({ description: '1' }),
        await tasks.addToBacklog({ description: '2' }),
      ];
      assert.ok(await tasks.removeFromBacklog(one.id));
      assert.equal(await tasks.removeFromBacklog(one.id), false);
      assert.equal(await tasks.get(one.id), undefined);
      assert.equal(await tasks.complete(two.id, 'by hand'), 'done');
      assert.deepEqual(await tasks.backlog(), []);
    });

    it('that is no list is told', async () => {
      await raw.set(town.keys.backlog, 'text');
      await assert.rejects(tasks.backlog(), { reason: 'redisFailed' });
      await assert.rejects(tasks.addToBacklog({ description: 'x' }), { reason: 'redisFailed' });
      assert.deepEqual((await tasks.list()).tasks, []);
    });
  });

  describe('events and activity', () => {
    it('are read from where one stopped, and bad entries skipped', async () => {
      const [first] = await events.readSince('0');
      assert.ok(first);
      await raw.xadd(town.keys.events, '*', 'data', 'nonsense');
      await events.append(newEvent('agent_resumed', 'back', { agentId: anna.id, extra: { batch: 'b' } }));
      const later = await events.readSince(first.entry);
      assert.deepEqual(
        later.map(({ message, data }) => [message, data.batch]),
        [['back', 'b']],
      );
      assert.deepEqual(
        (await events.readLast(1, anna.id)).map(({ message }) => message),
        ['back'],
      );
    });

    it('are kept to about a thousand', async () => {
      const pipeline = raw.pipeline();
      for (let i = 0; i < 1_500; i += 1) pipeline.xadd(town.keys.events, '*', 'data', '{}');
      await pipeline.exec();
      await events.append(newEvent('agent_resumed', 'x'));
      assert.ok((await raw.xlen(town.keys.events)) < 1_200);
    });

    it('keep ten lines for an hour, newest first', async () => {
      const activity = new ActivityLog(town.redis, town.keys);
      for (let i = 1; i <= 12; i += 1) await activity.push(anna.id, `line ${i}\n\u001b[31mred`);
      const lines = await activity.read(anna.id);
      assert.equal(lines.length, 10);
      assert.equal(lines[0], 'line 12 red');
      assert.ok((await raw.ttl(town.keys.activity(anna.id))) > 3590);
    });
  });
});

const absent = { startedAt: undefined, completedAt: undefined, result: undefined, parentId: undefined };
