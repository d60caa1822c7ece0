import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { catalogue } from '../../../src/tools/catalogue.ts';
import type { Self, ToolContext } from '../../../src/tools/operation.ts';
import { supervisor } from '../../../src/tools/people.ts';
import { ActivityLog } from '../../../src/town/records/activity.ts';
import { AgentStore } from '../../../src/town/stores/agents.ts';
import { InboxStore } from '../../../src/town/stores/inbox.ts';
import { SUPERVISOR_ID } from '../../../src/town/keys.ts';
import type { AgentRecord } from '../../../src/town/records/records.ts';
import { TaskStore } from '../../../src/town/stores/tasks.ts';
import { type TestTown, openTestTown, testAgent } from '../../support/redisTown.ts';

const idIn = (text: string): string => /[0-9a-f-]{36}/.exec(text)?.[0] ?? '';
const refusal = (reason: string, message: RegExp): object => ({ reason, message });

/** Some of what `actual` has. */
function has(actual: unknown, expected: object): void {
  assert.deepEqual({ ...Object(actual), ...expected }, actual);
}

describe('what agents do to their town', () => {
  let town: TestTown;
  let context: Omit<ToolContext, 'self'>;
  let anna: AgentRecord;
  let berta: AgentRecord;

  before(async () => {
    town = await openTestTown();
    const { redis, keys } = town;
    context = {
      town: {
        name: keys.town,
        agents: new AgentStore(redis, keys),
        tasks: new TaskStore(redis, keys),
        inbox: new InboxStore(redis, keys),
        activity: new ActivityLog(redis, keys),
      },
    };
  });
  after(() => town.close());
  beforeEach(async () => {
    await town.redis.commands.flushall();
    anna = testAgent('anna', { nickname: 'Ann' });
    berta = testAgent('berta', { state: 'paused', createdAt: new Date(Date.now() + 1_000).toISOString() });
    await context.town.agents.create(anna);
    await context.town.agents.create(berta);
  });

  async function run(self: Self, name: string, args: Record<string, unknown> = {}): Promise<string> {
    const operation = catalogue.find((one) => one.name === name);
    assert.ok(operation, name);
    return await operation.run({ ...context, self }, args);
  }
  const waiting = async (id: string): Promise<unknown[]> => {
    const { urgent, inbox } = await context.town.inbox.list(id);
    return [...urgent.map((it) => ({ ...it, list: 'urgent' })), ...inbox.map((it) => ({ ...it, list: 'inbox' }))];
  };

  it('assign: makes a task, tells its agent, and says who waits', async () => {
    const said = await run(anna, 'assign', { agent: 'BERTA', text: 'write\nit' });
    assert.match(said, /^Assigned task \S+ to berta\. berta is paused: it reads this when it runs again\.$/);
    const task = await context.town.tasks.get(idIn(said));
    has(task, { description: 'write\nit', state: 'assigned', assignedTo: berta.id, assignedBy: anna.id });
    const [message] = await waiting(berta.id);
    has(message, { type: 'task_assign', taskId: task?.id, from: anna.id, list: 'inbox' });
  });

  it('send: every kind, urgent or not, by name, nickname, short id or id', async () => {
    assert.equal(await run(berta, 'send', { agent: 'anna', text: 'do it' }), 'Sent a task message to anna.');
    assert.equal(
      await run(berta, 'send', { agent: 'Ann', text: 'is it so?', kind: 'query', urgent: true }),
      'Sent a query to anna, urgently.',
    );
    await run(berta, 'send', { agent: anna.id.slice(0, 4), text: 'news', kind: 'info' });
    await run(berta, 'send', { agent: anna.id, text: 'Rejected: too late', kind: 'ack' });
    const [query, task, info, ack] = await waiting(anna.id);
    has(query, { type: 'query', question: 'is it so?', list: 'urgent', from: berta.id });
    has(task, { type: 'task', description: 'do it', list: 'inbox' });
    has(info, { type: 'informational', summary: 'news' });
    has(ack, { type: 'confirmation', ackType: { type: 'rejected', reason: 'too late' } });
  });

  for (const name of ['supervisor', 'Conductor', SUPERVISOR_ID]) {
    it(`send to ${name} reaches the person`, async () => {
      await run(anna, 'send', { agent: name, text: 'may I?', kind: 'query' });
      has((await waiting(SUPERVISOR_ID))[0], { type: 'query', question: 'may I?', from: anna.id });
    });
  }

  it('a reference that means nobody, or more than one, names the candidates', async () => {
    await assert.rejects(run(anna, 'send', { agent: 'carla', text: 'x' }), {
      reason: 'unknownAgent',
      message: 'There is no agent “carla”. There are: anna, berta.',
    });
    await assert.rejects(run(anna, 'assign', { agent: randomUUID(), text: 'x' }), { reason: 'unknownAgent' });
    await town.redis.commands.hset(town.keys.agent(berta.id), 'nickname', 'Ann');
    await assert.rejects(run(anna, 'send', { agent: 'ann', text: 'x' }), refusal('ambiguousAgent', /anna .*, berta /));
    assert.deepEqual(await waiting(anna.id), []);
  });

  it('backlog: add, list, claim, remove', async () => {
    assert.equal(await run(anna, 'backlog_list'), 'The backlog is empty.');
    const one = idIn(await run(anna, 'backlog_add', { text: 'first\u001b[2J\nline', tags: [' docs'] }));
    const two = idIn(await run(anna, 'backlog_add', { text: 'second' }));
    assert.equal(
      await run(anna, 'backlog_list'),
      `2 tasks in the backlog:\n- ${one} [docs]: first line\n- ${two}: second`,
    );
    assert.equal(
      await run(anna, 'backlog_claim', { task_id: one.toUpperCase() }),
      `Task ${one} is yours now:\n\n\`\`\`\nfirst\nline\n\`\`\``,
    );
    has(await context.town.tasks.get(one), { state: 'assigned', assignedTo: anna.id, assignedBy: anna.id });
    has((await waiting(anna.id))[0], { type: 'task_assign', taskId: one });
    assert.equal(await run(anna, 'backlog_remove', { task_id: two }), `Removed task ${two} from the backlog.`);
    assert.equal(await context.town.tasks.get(two), undefined);
    for (const gone of [one, two, randomUUID()]) {
      await assert.rejects(run(berta, 'backlog_claim', { task_id: gone }), { reason: 'taskTaken' });
      await assert.rejects(run(berta, 'backlog_remove', { task_id: gone }), { reason: 'taskTaken' });
    }
    has(await context.town.tasks.get(one), { assignedTo: anna.id });
  });

  it('a backlog of what has no record is shown and cannot be claimed', async () => {
    const ghost = randomUUID();
    await town.redis.commands.rpush(town.keys.backlog, ghost);
    assert.match(await run(anna, 'backlog_list'), /no readable record/);
    await assert.rejects(run(anna, 'backlog_claim', { task_id: ghost }), { reason: 'taskGone' });
  });

  it('of many that claim one task, one has it and the others are told', async () => {
    const agents = [anna, berta, ...['c1', 'c2', 'c3', 'c4', 'c5', 'c6'].map((name) => testAgent(name))];
    for (const agent of agents.slice(2)) await context.town.agents.create(agent);
    const id = idIn(await run(supervisor, 'backlog_add', { text: 'one of a kind' }));
    const results = await Promise.allSettled(agents.map((agent) => run(agent, 'backlog_claim', { task_id: id })));
    const winners = agents.filter((_, place) => results[place]?.status === 'fulfilled');
    assert.equal(winners.length, 1);
    for (const result of results) {
      if (result.status === 'rejected') assert.match(String(result.reason), /someone else may have it/);
    }
    has(await context.town.tasks.get(id), { assignedTo: winners[0]?.id });
    const told = await Promise.all(agents.map(async ({ id: agent }) => (await waiting(agent)).length));
    assert.equal(
      told.reduce((sum, count) => sum + count),
      1,
    );
  });

  it('an agent claims only for itself; the supervisor for anybody, whom it must name', async () => {
    const id = idIn(await run(supervisor, 'backlog_add', { text: 'x' }));
    await assert.rejects(
      run(anna, 'backlog_claim', { task_id: id, agent: 'berta' }),
      refusal('notYours', /You are anna/),
    );
    await assert.rejects(run(anna, 'backlog_claim', { task_id: id, agent: 'supervisor' }), { reason: 'notYours' });
    await assert.rejects(
      run(supervisor, 'backlog_claim', { task_id: id }),
      refusal('badArguments', /agent is missing/),
    );
    assert.equal(await run(supervisor, 'backlog_claim', { task_id: id, agent: 'berta' }), `Task ${id} is berta’s now.`);
    has(await context.town.tasks.get(id), { assignedTo: berta.id, assignedBy: SUPERVISOR_ID });
  });

  it('task_complete: once, by who has it, and who assigned it is told once', async () => {
    const id = idIn(await run(berta, 'assign', { agent: 'anna', text: 'x' }));
    await assert.rejects(run(berta, 'task_complete', { task_id: id }), {
      ...refusal('notYours', new RegExp(`Task ${id} is assigned to anna, not to you`)),
    });
    has(await context.town.tasks.get(id), { state: 'assigned' });
    assert.equal(await run(anna, 'task_complete', { task_id: id, result: 'all\ngreen' }), `Task ${id} is completed.`);
    // An answer that was lost is asked for again.
    assert.equal(await run(anna, 'task_complete', { task_id: id, result: 'all\ngreen' }), `Task ${id} is completed.`);
    await assert.rejects(
      run(anna, 'task_complete', { task_id: id, result: 'red' }),
      refusal('taskOver', /is already completed/),
    );
    await assert.rejects(run(anna, 'task_fail', { task_id: id, reason: 'no' }), { reason: 'taskOver' });
    has(await context.town.tasks.get(id), { state: 'completed', result: 'all\ngreen' });
    assert.equal((await context.town.agents.get(anna.id))?.tasksCompleted, 1);
    const told = await waiting(berta.id);
    assert.equal(told.length, 1);
    has(told[0], { type: 'task_done', taskId: id, result: 'all\ngreen', from: anna.id });
    assert.deepEqual(await waiting(anna.id), []);
  });

  it('task_fail: the supervisor who assigned it is told why', async () => {
    const id = idIn(await run(supervisor, 'assign', { agent: 'anna', text: 'x' }));
    assert.equal(await run(anna, 'task_fail', { task_id: id, reason: 'no key' }), `Task ${id} has failed.`);
    has((await waiting(SUPERVISOR_ID))[0], { type: 'task_failed', taskId: id, error: 'no key', from: anna.id });
    assert.equal((await context.town.agents.get(anna.id))?.tasksCompleted, 0);
  });

  it('task_complete of a task that is gone, nobody’s, or of an agent that is gone', async () => {
    await assert.rejects(
      run(anna, 'task_complete', { task_id: randomUUID() }),
      refusal('taskGone', /^Task .* does not exist/),
    );
    const free = idIn(await run(anna, 'backlog_add', { text: 'x' }));
    await assert.rejects(run(anna, 'task_complete', { task_id: free }), refusal('notYours', /is not assigned yet/));
    const of = idIn(await run(berta, 'assign', { agent: 'anna', text: 'x' }));
    await context.town.agents.remove(berta);
    await run(anna, 'task_complete', { task_id: of });
    assert.equal(await town.redis.commands.exists(town.keys.inbox(berta.id)), 0);
  });

  it('the supervisor ends anybody’s task, and is not told of what it did itself', async () => {
    const id = idIn(await run(supervisor, 'assign', { agent: 'anna', text: 'x' }));
    await run(supervisor, 'task_complete', { task_id: id });
    has(await context.town.tasks.get(id), { state: 'completed', result: 'Completed' });
    assert.deepEqual([await waiting(SUPERVISOR_ID), await waiting(anna.id)], [[], []]);
  });

  it('task_current: what the record names, else what is assigned; task_complete takes it where it is one', async () => {
    assert.equal(await run(anna, 'task_current'), 'You have no task.');
    await assert.rejects(run(anna, 'task_complete'), refusal('badArguments', /you have no current task/));
    const one = idIn(await run(supervisor, 'assign', { agent: 'anna', text: 'one' }));
    assert.match(
      await run(anna, 'task_current'),
      new RegExp(`^Task: ${one}\nState: assigned\nAssigned to: anna \\(you\\)`),
    );
    assert.match(await run(berta, 'task_current', { agent: 'anna' }), new RegExp(`^Task: ${one}`));
    const two = idIn(await run(supervisor, 'assign', { agent: 'anna', text: 'two' }));
    assert.match(await run(anna, 'task_current'), /^You have 2 tasks:\n- .*one\n- .*two$/);
    await assert.rejects(run(anna, 'task_complete'), refusal('badArguments', new RegExp(`${one}, ${two}`)));
    await context.town.agents.setFields(anna.id, { currentTask: two });
    assert.equal(await run(anna, 'task_complete', { result: 'ok' }), `Task ${two} is completed.`);
    assert.equal(await run(anna, 'task_complete', { result: 'ok' }), `Task ${one} is completed.`);
    assert.equal(await run(berta, 'task_current', { agent: 'anna' }), 'anna has no task.');
  });

  it('task_show: in full; a record that cannot be read is told', async () => {
    const text = `${'long '.repeat(4_000)}end`;
    const id = idIn(await run(supervisor, 'assign', { agent: 'anna', text }));
    assert.ok((await run(berta, 'task_show', { task_id: id })).includes(text));
    await town.redis.commands.hset(town.keys.task(id), 'state', 'lost');
    await assert.rejects(run(anna, 'task_show', { task_id: id }), { reason: 'recordMalformed' });
  });

  it('status: agents, their tasks and messages, open tasks, the backlog; deep and all tasks on demand', async () => {
    const one = idIn(await run(supervisor, 'assign', { agent: 'anna', text: 'one' }));
    await run(supervisor, 'backlog_add', { text: 'later' });
    await run(anna, 'send', { agent: 'supervisor', text: 'hi', kind: 'info' });
    await context.town.agents.setFields(anna.id, { currentTask: one, state: 'working' });
    await town.redis.commands.set(town.keys.agent(randomUUID()), 'no hash');
    await context.town.activity.push(anna.id, 'looked around');
    const seen = await run(anna, 'status');
    assert.match(seen, /^Town town \w+\. You are anna\.$/m);
    assert.match(
      seen,
      new RegExp(`^- anna “Ann” \\(you\\): working; 1 message waits; works on ${one} \\(one\\)$`, 'm'),
    );
    assert.match(seen, /^- berta: paused$/m);
    assert.match(seen, /cannot be read: it has the wrong type/);
    assert.match(seen, new RegExp(`^Open tasks: 1\n- ${one} assigned, anna \\(you\\): one$`, 'm'));
    assert.match(seen, /^Backlog: 1$/m);
    assert.doesNotMatch(seen, /looked around|Messages for you/);
    await run(anna, 'task_complete');
    const all = await run(supervisor, 'status', { deep: true, tasks: true });
    assert.match(all, /^ {4}looked around$/m);
    assert.match(all, /^Messages for you: 2$/m);
    assert.match(all, new RegExp(`^All tasks: 2 \\(1 pending, 1 completed\\)\n- ${one} completed, anna: one$`, 'm'));
  });

  it('list, inbox, task_list: for people at a terminal', async () => {
    assert.equal(await run(supervisor, 'list'), '- anna “Ann”: idle\n- berta: paused');
    const id = idIn(await run(anna, 'assign', { agent: 'berta', text: 'x\u0007' }));
    await run(anna, 'send', { agent: 'berta', text: 'quick', urgent: true });
    await town.redis.commands.rpush(town.keys.inbox(berta.id), 'no message');
    const lines = (await run(berta, 'inbox')).split('\n');
    assert.deepEqual(lines, [
      '- URGENT task from anna: quick',
      `- task_assign from anna: ${id} x`,
      '- one cannot be read: holds an element (2) that is not JSON',
    ]);
    assert.equal(await run(supervisor, 'inbox'), 'No message waits for supervisor.');
    await assert.rejects(run(anna, 'inbox', { agent: 'berta' }), { reason: 'notYours' });
    assert.match(await run(anna, 'inbox', { all: true }), /^anna \(you\): 0, urgent 0\nberta: 2, urgent 1$/m);
    assert.match(await run(anna, 'task_list', { state: 'assigned' }), new RegExp(`^- ${id} assigned, berta: x$`));
    assert.equal(await run(anna, 'task_list', { state: 'failed' }), 'There are no such tasks.');
  });
});
