import assert from 'node:assert/strict';
import {
  MAX_TEXT,
  agentFields,
  decodeAgent,
  decodeTask,
  isTime,
  taskFields,
  type AgentRecord,
  type TaskRecord,
} from '../../../src/town/records/records.ts';

const id = '1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed';
const taskId = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const at = '2026-04-23T22:32:34.123456+00:00';

/** As `tt` 0.10.0 writes it. */
const agentOfTt = {
  id,
  name: 'backend',
  agent_type: 'worker',
  state: 'idle',
  cli: 'codex',
  created_at: at,
  last_heartbeat: at,
  tasks_completed: '3',
  rounds_completed: '12',
  last_active_at: at,
  spawn_mode: 'fresh',
  nickname: 'Dewey',
};

const taskOfTt = {
  id: taskId,
  description: 'Fix it',
  state: 'pending',
  created_at: at,
  updated_at: at,
  tags: '["api","urgent"]',
};

describe('an agent’s record', () => {
  it('is read as tt writes it', () => {
    const decoded = decodeAgent(agentOfTt);
    assert.ok(decoded.ok);
    const expected = { name: 'backend', state: 'idle', tasksCompleted: 3, roundsCompleted: 12, nickname: 'Dewey' };
    for (const [field, value] of Object.entries(expected))
      assert.equal(Object.entries(decoded.value).find(([name]) => name === field)?.[1], value);
    assert.equal(decoded.value.lastHeartbeat, at);
    assert.equal(decoded.value.persistent, undefined);
  });

  it('comes back as it was written, fields of ours included', () => {
    const record: AgentRecord = {
      id,
      name: 'a b',
      nickname: 'Ann',
      roleId: 'tester',
      parentAgentId: taskId,
      spawnMode: 'resumed',
      agentType: 'worker',
      state: 'working',
      cli: 'codex-mini',
      currentTask: taskId,
      createdAt: at,
      lastHeartbeat: at,
      lastActiveAt: at,
      tasksCompleted: 1,
      roundsCompleted: 2,
      runtimeSessionId: 'thread',
      runtimeHost: 'vscode',
      persistent: false,
      model: 'm',
      reasoningEffort: 'high',
      lastError: 'oh',
      modelChosen: true,
      homeMachine: 'machine',
      homeHost: 'host',
      homeCodex: '/home/u/.codex',
      homeFolder: '/work/hill',
      homeFolderId: '1:2',
      modeReason: 'so',
      backlogOffered: 'digest',
      threadTold: '{}',
    };
    const fields = agentFields(record);
    assert.equal(fields.runtime_session_id, 'thread');
    assert.equal(fields.persistent, 'false');
    assert.deepEqual(decodeAgent(fields), { ok: true, value: record });
  });

  it('may lack what tt has a default for, and hold what is not known here', () => {
    const decoded = decodeAgent({ id, name: 'a', created_at: at, nickname: '', current_task: '', colour: 'red' });
    assert.ok(decoded.ok);
    assert.equal(decoded.value.state, 'starting');
    assert.equal(decoded.value.spawnMode, 'fresh');
    assert.equal(decoded.value.agentType, 'worker');
    assert.equal(decoded.value.tasksCompleted, 0);
    assert.equal(decoded.value.nickname, undefined);
    assert.equal(decoded.value.currentTask, undefined);
    assert.equal(decoded.value.lastActiveAt, at);
    assert.ok(!('colour' in decoded.value));
  });

  const bad: [string, Record<string, string>, RegExp][] = [
    ['no id', { ...agentOfTt, id: '' }, /^id is missing$/],
    ['an id that is none', { ...agentOfTt, id: 'backend' }, /^id is not an id$/],
    ['no name', { ...agentOfTt, name: '' }, /^name is missing$/],
    ['a blank name', { ...agentOfTt, name: '  ' }, /^name is empty$/],
    ['a name that was no UTF-8', { ...agentOfTt, name: 'b\ufffdck' }, /^name is not valid UTF-8$/],
    ['a huge name', { ...agentOfTt, name: 'x'.repeat(MAX_TEXT + 1) }, /^name is longer than/],
    ['an unknown state', { ...agentOfTt, state: 'dreaming' }, /^state is not a known state$/],
    ['a counter that is no number', { ...agentOfTt, tasks_completed: 'NaN' }, /^tasks_completed is not a number$/],
    ['a negative counter', { ...agentOfTt, rounds_completed: '-1' }, /^rounds_completed is not a number$/],
    ['a fraction', { ...agentOfTt, rounds_completed: '1.5' }, /^rounds_completed is not a number$/],
    ['a time that is none', { ...agentOfTt, created_at: 'yesterday' }, /^created_at is not a time$/],
    ['no time', { id, name: 'a' }, /^created_at is missing$/],
    ['a task that is none', { ...agentOfTt, current_task: 'x' }, /^current_task is not an id$/],
    ['an unknown mode', { ...agentOfTt, spawn_mode: 'cloned' }, /^spawn_mode is not/],
    ['an unknown type', { ...agentOfTt, agent_type: 'boss' }, /^agent_type is not/],
    ['a flag that is none', { ...agentOfTt, persistent: 'maybe' }, /^persistent is neither/],
    ['nothing', {}, /^id is missing$/],
  ];
  for (const [what, hash, reason] of bad) {
    it(`is refused with ${what}`, () => {
      const decoded = decodeAgent(hash);
      assert.ok(!decoded.ok);
      assert.match(decoded.reason, reason);
    });
  }
});

describe('a task’s record', () => {
  it('is read as tt writes it', () => {
    const decoded = decodeTask(taskOfTt);
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.value.tags, ['api', 'urgent']);
    assert.equal(decoded.value.state, 'pending');
  });

  it('comes back as it was written', () => {
    const record: TaskRecord = {
      id: taskId,
      description: 'x\u0000\n"ü"',
      state: 'completed',
      assignedTo: id,
      assignedBy: id,
      createdAt: at,
      updatedAt: at,
      startedAt: at,
      completedAt: at,
      result: 'done',
      parentId: id,
      tags: ['a,b', ''],
    };
    assert.deepEqual(decodeTask(taskFields(record)), { ok: true, value: record });
  });

  it('is running where it says in_flight', () => {
    const decoded = decodeTask({ ...taskOfTt, state: 'in_flight' });
    assert.ok(decoded.ok);
    assert.equal(decoded.value.state, 'running');
  });

  it('takes a long text whole', () => {
    const decoded = decodeTask({ ...taskOfTt, description: 'x'.repeat(20_000) });
    assert.ok(decoded.ok);
    assert.equal(decoded.value.description.length, 20_000);
  });

  const bad: [string, Record<string, string>, RegExp][] = [
    ['tags that are no JSON', { ...taskOfTt, tags: 'api,urgent' }, /^tags is not a JSON list of texts$/],
    ['tags that are no texts', { ...taskOfTt, tags: '[1]' }, /^tags is not a JSON list of texts$/],
    ['an unknown state', { ...taskOfTt, state: 'lost' }, /^state is not/],
    ['a huge description', { ...taskOfTt, description: 'x'.repeat(MAX_TEXT + 1) }, /^description is longer than/],
    ['an agent that is none', { ...taskOfTt, assigned_to: 'backend' }, /^assigned_to is not an id$/],
    ['no id', { description: 'x' }, /^id is missing$/],
  ];
  for (const [what, hash, reason] of bad) {
    it(`is refused with ${what}`, () => {
      const decoded = decodeTask(hash);
      assert.ok(!decoded.ok);
      assert.match(decoded.reason, reason);
    });
  }
});

describe('a time', () => {
  const good = ['2026-04-23T22:32:34Z', '2026-04-23T22:32:34.1+02:00', at, '2026-04-23T22:32:34.123456789Z'];
  const bad = ['', '2026-04-23', '22:32', '2026-13-01T00:00:00Z', '2026-04-23T22:32:34', '1745447554'];
  for (const text of good) it(`is ${text}`, () => assert.ok(isTime(text)));
  for (const text of bad) it(`is not ${JSON.stringify(text)}`, () => assert.ok(!isTime(text)));
});
