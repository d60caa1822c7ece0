/** The tasks tree, a task as a text, and the order of the backlog. */
import assert from 'node:assert/strict';
import type { AgentRecord } from '../../../src/town/records/records.ts';
import { taskItems } from '../../../src/ui/tasks/taskItems.ts';
import { movesBeside, placeAt } from '../../../src/ui/tasks/taskOrder.ts';
import { taskText } from '../../../src/ui/tasks/taskText.ts';
import { agentRecord, drawn, english, flat, picture, taskRecord } from './support.ts';

describe('the tasks tree', () => {
  it('groups tasks by what happens to them, the backlog in its order, done ones newest first', () => {
    const over = { assignedTo: 'id-a' };
    const tasks = [
      taskRecord('1', 'run', { state: 'running', assignedTo: 'id-a' }),
      taskRecord('2', 'wait', { assignedTo: 'id-a', tags: ['ui'] }),
      taskRecord('3', 'second', { state: 'pending' }),
      taskRecord('4', 'first #docs', { state: 'pending', tags: ['docs', 'api'] }),
      taskRecord('5', 'older', { ...over, state: 'completed', completedAt: '2026-01-01T00:00:00.123456+00:00' }),
      taskRecord('6', 'newer', { ...over, state: 'failed', result: 'no\nluck', completedAt: '2026-01-02T00:00:00Z' }),
      taskRecord('7', 'newest', { state: 'cancelled', result: 'not wanted', completedAt: '2026-01-03T00:00:00Z' }),
      taskRecord('8', 'well', {
        ...over,
        state: 'completed',
        result: 'It works.',
        completedAt: '2026-01-01T09:00:00Z',
      }),
    ];
    const scene = { agents: [agentRecord('a', { state: 'working' })], tasks, backlog: ['4', '3', 'gone'] };
    assert.deepEqual(drawn(taskItems(picture(scene), english)), [
      'play Running · 1',
      '  sync~spin run · a',
      'inbox Assigned · 1',
      '  mail wait #ui · a',
      'list-unordered Backlog · 2',
      '  circle-large-outline first #docs #api',
      '  circle-large-outline second',
      'checklist Done · 4',
      '  circle-slash newest · canceled · not wanted',
      '  error newer · a · no luck',
      '  pass well · a · It works.',
      '  pass older · a',
    ]);
    assert.deepEqual(taskItems(picture({}), english), []);
  });

  it('spins only while the agent is at work', () => {
    const tasks = [taskRecord('1', 'run', { state: 'running', assignedTo: 'id-a' })];
    const rowOf = (...agents: AgentRecord[]): string | undefined =>
      drawn(taskItems(picture({ agents, tasks }), english))[1];
    for (const state of ['working', 'draining'] as const)
      assert.equal(rowOf(agentRecord('a', { state })), '  sync~spin run · a');
    assert.equal(rowOf(agentRecord('a', { state: 'starting' })), '  sync run · a');
  });

  it('shows a task as assigned while its agent is idle, stopped, failed, paused, asleep or gone, whatever its record says', () => {
    const tasks = [taskRecord('1', 'run', { state: 'running', assignedTo: 'id-a' })];
    for (const state of ['idle', 'paused', 'cold', 'stopped', 'error'] as const) {
      const scene = picture({ agents: [agentRecord('a', { state })], tasks });
      assert.deepEqual(drawn(taskItems(scene, english)), ['inbox Assigned · 1', '  mail run · a']);
    }
    assert.deepEqual(drawn(taskItems(picture({ tasks }), english)), ['inbox Assigned · 1', '  mail run']);
  });

  it('keeps what is long out of the way, with ids that stay', () => {
    const done = Array.from({ length: 120 }, (_none, index) =>
      taskRecord(`t${index}`, `task ${index}`, {
        state: 'completed',
        completedAt: new Date(1e12 + index * 1_000).toISOString(),
      }),
    );
    const [group] = taskItems(picture({ tasks: done }), english);
    const rows = group?.children?.() ?? [];
    assert.equal(group?.description, '120');
    assert.equal(rows.length, 51);
    assert.equal(rows[0]?.label, 'task 119');
    assert.deepEqual([rows[50]?.label, rows[50]?.description], ['Older', '70']);
    const ids = flat(taskItems(picture({ tasks: done }), english)).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.includes('tasks/done/t0'));
  });

  it('opens a task by a click', () => {
    const [, row] = flat(taskItems(picture({ tasks: [taskRecord('1', 'x')] }), english));
    assert.deepEqual(row?.runs?.arguments, ['1']);
  });
});

describe('a task as a text', () => {
  const facts = { state: 'failed', assignedTo: 'id-a', tags: ['ui', 'api'], result: 'No\u001b[31m luck.\n' } as const;

  it('holds all of it, and nothing that drives an editor', () => {
    const task = taskRecord('id-1', 'Mend\nthe tests', { ...facts, tags: [...facts.tags], startedAt: 'soon' });
    const text = taskText(task, picture({ agents: [agentRecord('a')] }), english);
    assert.match(
      text,
      /^Mend\nthe tests\n\n── Task ──\nState: failed\nAgent: a\nTags: #ui #api\nCreated: .+\nTask id: id-1\n/,
    );
    assert.ok(text.endsWith('── Reason ──\n\nNo luck.'), text);
  });
});

describe('the order of the backlog', () => {
  const backlog = ['a', 'b', 'c'];

  it('lets a dragged task take the place of the one it is dropped on', () => {
    assert.equal(placeAt(backlog, 'a', 'b'), 'c');
    assert.equal(placeAt(backlog, 'a', 'c'), undefined);
    assert.equal(placeAt(backlog, 'c', 'a'), 'a');
    assert.equal(placeAt(backlog, 'new', 'b'), 'b');
  });

  it('goes up and down by one, and no further than the ends', () => {
    assert.deepEqual(movesBeside(backlog, ['a'], 'up'), []);
    assert.deepEqual(movesBeside(backlog, ['c'], 'up'), [{ id: 'c', before: 'b' }]);
    assert.deepEqual(movesBeside(backlog, ['a'], 'down'), [{ id: 'a', before: 'c' }]);
    assert.deepEqual(movesBeside(backlog, ['b'], 'down'), [{ id: 'b', before: undefined }]);
    assert.deepEqual(movesBeside(backlog, ['c'], 'down'), []);
    assert.deepEqual(movesBeside(backlog, ['gone'], 'up'), []);
    // The first one stays, and so does its chosen neighbor.
    assert.deepEqual(movesBeside(backlog, ['a', 'b'], 'up'), []);
    assert.deepEqual(movesBeside(backlog, ['c', 'b'], 'up'), [
      { id: 'b', before: 'a' },
      { id: 'c', before: 'a' },
    ]);
    assert.deepEqual(movesBeside(backlog, ['a', 'b'], 'down'), [
      { id: 'b', before: undefined },
      { id: 'a', before: 'b' },
    ]);
  });
});
