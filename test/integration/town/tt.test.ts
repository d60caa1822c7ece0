import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { AgentStore } from '../../../src/town/stores/agents.ts';
import { readTownConfig, writeTownConfig } from '../../../src/town/config.ts';
import { EventLog } from '../../../src/town/stores/events.ts';
import { InboxStore } from '../../../src/town/stores/inbox.ts';
import { SUPERVISOR_ID, TownKeys } from '../../../src/town/keys.ts';
import { newMessage } from '../../../src/town/records/messages.ts';
import { TownMirror } from '../../../src/town/live/mirror.ts';
import { type TownRedis, openRedis } from '../../../src/town/redis/connect.ts';
import { TaskEdits } from '../../../src/town/stores/taskEdits.ts';
import { TaskStore } from '../../../src/town/stores/tasks.ts';
import { WakeSource } from '../../../src/town/live/wake.ts';
import type { AgentRecord } from '../../../src/town/records/records.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestRedis, startTestRedis } from '../../support/redis.ts';
import { testAgent } from '../../support/redisTown.ts';
import { tempDir } from '../../support/tempDir.ts';
import { runTt, ttBinary } from '../../support/tt.ts';

const binary = ttBinary();
const suite =
  binary === undefined ? 'one town with the real tt (skipped: no tt here; give TT_BIN)' : 'one town with the real tt';

(binary === undefined ? describe.skip : describe)(suite, () => {
  let server: TestRedis;
  let redis: TownRedis;
  let temporary: Awaited<ReturnType<typeof tempDir>>;
  let agents: AgentStore;
  let tasks: TaskStore;
  let inbox: InboxStore;
  let events: EventLog;
  let anna: AgentRecord;
  const keys = new TownKeys('hill and dale');

  const fieldsOf = async (id: string): Promise<string[]> =>
    (await server.cli('HKEYS', keys.task(id))).split('\n').toSorted();
  const tt = (...args: string[]): Promise<string> =>
    runTt(binary ?? '', { folder: temporary.path, redisUrl: server.url }, ...args);

  before(async () => {
    temporary = await tempDir('tt');
    server = await startTestRedis();
    redis = await openRedis({ kind: 'url', source: 'setting', url: server.url }, silentLogger);
    await writeTownConfig(temporary.path, { name: keys.town });
    await mkdir(path.join(temporary.path, 'home'));
    agents = new AgentStore(redis, keys);
    tasks = new TaskStore(redis, keys);
    inbox = new InboxStore(redis, keys);
    events = new EventLog(redis, keys);
  });
  after(async () => {
    redis.close();
    await server.stop();
    await temporary.remove();
  });
  beforeEach(async () => {
    await server.cli('FLUSHALL');
    anna = testAgent('anna', { nickname: 'Dot', roleId: 'reviewer', runtimeHost: 'vscode', persistent: true });
    await agents.create(anna);
  });

  it('reads the tinytown.toml that we write', async () => {
    assert.match(await tt('status'), /Town: hill and dale/);
    assert.equal((await readTownConfig(temporary.path))?.ok, true);
  });

  it('makes towns of every name, which we share with it', async () => {
    const branch = `repository-${'feature-'.repeat(9)}x`;
    for (const name of [branch, 'a:b*c', 'x'.repeat(200), ' a[b]? ', "d'Artagnan", '$(whoami)']) {
      const folder = path.join(temporary.path, randomUUID());
      await mkdir(path.join(folder, 'home'), { recursive: true });
      await runTt(binary ?? '', { folder, redisUrl: server.url }, 'init', '--name', name);
      const config = await readTownConfig(folder);
      assert.ok(config?.ok, name);
      assert.equal(config.value.name, name);
      // tt looks for its keys by a pattern, so it finds nothing in a town whose name holds a character class.
      if (name.includes('[')) continue;
      const town = new AgentStore(redis, new TownKeys(name));
      const bert = testAgent('bert');
      await town.create(bert);
      assert.match(await runTt(binary ?? '', { folder, redisUrl: server.url }, 'list'), /bert/);
      await runTt(binary ?? '', { folder, redisUrl: server.url }, 'close', 'bert');
      assert.equal((await town.get(bert.id))?.state, 'draining');
    }
  });

  it('lists our agents, and leaves our own fields alone when it writes theirs', async () => {
    assert.match(await tt('list'), /Dot \[reviewer\].*Idle/);
    await tt('interrupt', 'anna');
    const paused = await agents.get(anna.id);
    assert.deepEqual([paused?.state, paused?.runtimeHost, paused?.persistent], ['paused', 'vscode', true]);
    await tt('resume', 'anna');
    assert.equal((await agents.get(anna.id))?.state, 'idle');
    await tt('close', 'anna');
    assert.equal((await agents.get(anna.id))?.state, 'draining');
    await tt('kill', 'anna');
    assert.equal((await agents.get(anna.id))?.state, 'stopped');
    assert.equal(await server.cli('GET', keys.stop(anna.id)), '1');
    const read = await events.readSince('0', { agentId: anna.id });
    const types = read.map(({ eventType }) => eventType);
    assert.deepEqual(types, ['agent_spawned', 'agent_interrupted', 'agent_resumed', 'agent_stopped']);
  });

  it('sends messages of every kind, which we read', async () => {
    await tt('send', 'anna', 'do it');
    await tt('send', 'anna', 'why?', '--query');
    await tt('send', 'anna', 'by the way', '--info');
    await tt('send', 'anna', 'rejected: too long', '--ack');
    await tt('send', 'anna', 'now!', '--urgent', '--from', 'anna');
    const { inbox: waiting, urgent, malformed } = await inbox.list(anna.id);
    assert.deepEqual(malformed, []);
    const bodies = waiting.map(({ id: _i, createdAt: _c, ...rest }) => rest);
    const envelope = { from: SUPERVISOR_ID, to: anna.id, priority: 'normal', correlationId: null };
    assert.deepEqual(bodies, [
      { ...envelope, type: 'task', description: 'do it' },
      { ...envelope, type: 'query', question: 'why?' },
      { ...envelope, type: 'informational', summary: 'by the way' },
      { ...envelope, type: 'confirmation', ackType: { type: 'rejected', reason: 'too long' } },
    ]);
    assert.deepEqual(
      urgent.map(({ from, type }) => [from, type]),
      [[anna.id, 'task']],
    );
  });

  it('reads messages of every kind that we send', async () => {
    const envelope = { from: anna.id, to: anna.id };
    const bodies = [
      { type: 'task', description: 'do it' },
      { type: 'query', question: 'why?' },
      { type: 'informational', summary: 'by the way' },
      { type: 'confirmation', ackType: { type: 'rejected', reason: 'no' } },
      { type: 'task_done', taskId: anna.id, result: 'r' },
      { type: 'task_failed', taskId: anna.id, error: 'e' },
      { type: 'status_request' },
      { type: 'status_response', state: 'idle', currentTask: null },
      { type: 'ping' },
      { type: 'pong' },
      { type: 'shutdown' },
      { type: 'custom', kind: 'question', payload: 'p' },
    ] as const;
    for (const body of bodies) await inbox.send(newMessage({ ...body, ...envelope }));
    const said = await tt('inbox', 'anna');
    // Those it can't read are left out of what it shows; the counts below are of what it has read.
    assert.match(said, /12/);
    assert.match(said, /do it/);
    const all = await tt('inbox', '--all');
    assert.match(all, /\[T\] 2 tasks/);
    assert.match(all, /\[Q\] 3 queries/);
    assert.match(all, /\[I\] 6 informational/);
    assert.match(all, /\[C\] 1 confirmations/);
  });

  it('assigns tasks as we do, record by record', async () => {
    await tt('assign', 'anna', 'theirs');
    const ours = await tasks.assign({ description: 'ours' }, anna.id, SUPERVISOR_ID);
    const { tasks: both, malformed } = await tasks.list();
    assert.deepEqual(malformed, []);
    const theirs = both.find(({ description }) => description === 'theirs');
    assert.ok(theirs);
    assert.deepEqual(await fieldsOf(ours.id), [...(await fieldsOf(theirs.id)), 'assigned_by'].toSorted());
    assert.equal(theirs.state, ours.state);
    const messages = (await inbox.list(anna.id)).inbox;
    assert.deepEqual(
      messages.map((it) => it.type === 'task_assign' && it.taskId),
      [theirs.id, ours.id],
    );
    assert.match(await tt('task', 'show', ours.id), /Description: ours[\s\S]*State: Assigned[\s\S]*Assigned to: Dot/);
    assert.match(await tt('task', 'list'), /Tasks \(2\)/);

    await agents.setFields(anna.id, { currentTask: ours.id });
    assert.match(await tt('task', 'current', 'anna'), new RegExp(ours.id));
    await tt('task', 'complete', ours.id, '--result', 'done there');
    assert.equal(await tasks.complete(theirs.id, 'done here'), 'done');
    assert.match(await tt('task', 'show', theirs.id), /State: Completed[\s\S]*Result: done here/);
    assert.deepEqual(
      (await tasks.list()).tasks.map(({ state }) => state),
      ['completed', 'completed'],
    );
    const agent = await agents.get(anna.id);
    assert.deepEqual([agent?.tasksCompleted, agent?.currentTask], [2, undefined]);
  });

  it('shares the backlog', async () => {
    await tt('backlog', 'add', 'theirs', '--tags', 'api, data');
    const ours = await tasks.addToBacklog({ description: 'ours', tags: ['ui'] });
    const [theirs = '', second] = await tasks.backlog();
    assert.equal(second, ours.id);
    assert.deepEqual((await tasks.get(theirs))?.tags, ['api', 'data']);
    assert.match(await tt('backlog', 'list'), /theirs \[api, data\][\s\S]*ours \[ui\]/);
    await new TaskEdits(redis, keys).move(ours.id, theirs);
    await new TaskEdits(redis, keys).tag(ours.id, ['docs']);
    assert.match(await tt('backlog', 'list'), /ours \[docs\][\s\S]*theirs \[api, data\]/);
    await tt('backlog', 'claim', ours.id, 'anna');
    await tasks.claim(theirs, anna.id, SUPERVISOR_ID);
    await assert.rejects(tasks.claim(ours.id, randomUUID(), SUPERVISOR_ID), { reason: 'agentGone' });
    assert.match(await tt('backlog', 'claim', theirs, 'anna'), /not found in backlog/);
    assert.equal((await tasks.get(ours.id))?.assignedTo, anna.id);
    assert.match(await tt('backlog', 'list'), /empty/);
    const again = await tasks.addToBacklog({ description: 'again' });
    await tt('backlog', 'remove', again.id);
    assert.equal(await tasks.get(again.id), undefined);
  });

  it('shows our events', async () => {
    await tasks.assign({ description: 'events to read' }, anna.id, SUPERVISOR_ID);
    assert.match(await tt('events'), /anna was spawned[\s\S]*events to read/);
    assert.match(await tt('events', '--agent', 'anna'), /events to read/);
  });

  it('spawns agents that the mirror shows at once', async () => {
    const wake = new WakeSource(redis, keys, silentLogger);
    const mirror = new TownMirror(redis, keys, wake, silentLogger);
    await wake.start();
    await mirror.start();
    try {
      // A loop of no rounds: it ends at once.
      await tt('spawn', 'bert', '--cli', 'codex', '--role', 'tester', '--max-rounds', '0', '--foreground');
      const bert = await eventually(() => [...mirror.agents.values()].find(({ name }) => name === 'bert'));
      assert.deepEqual([bert.cli, bert.roleId, bert.runtimeHost], ['codex', 'tester', undefined]);
      assert.ok(bert.nickname);
      await tt('send', 'bert', 'hi', '--urgent');
      await eventually(() => mirror.waiting(bert.id).urgent === 1);
      await assert.rejects(agents.create(testAgent('Bert')), { reason: 'nameInvalid' });
      assert.deepEqual(mirror.problems, []);
    } finally {
      mirror.dispose();
      wake.dispose();
    }
  });
});
