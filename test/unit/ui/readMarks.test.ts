/** Agents that have finished, and messages to read, are marked until the person looks at them. */
import assert from 'node:assert/strict';
import { emptyView } from '../../../src/loop/state/agentView.ts';
import { agentItems } from '../../../src/ui/agents/agentItems.ts';
import { ReadMarks, finishedAt } from '../../../src/ui/readMarks.ts';
import { agentRecord, drawn, english, flat, picture } from './support.ts';

const now = Date.parse('2026-01-02T04:00:00Z');
const view = emptyView('persistent');

function memory(stored: Record<string, unknown> = {}): ConstructorParameters<typeof ReadMarks>[0] {
  return {
    get: (key) => stored[key],
    update: async (key, value) => {
      stored[key] = structuredClone(value);
    },
  };
}

const finished = agentRecord('a', { roundsCompleted: 1, lastActiveAt: '2026-01-02T03:55:00Z' });

describe('an agent that has finished', () => {
  it('says so, with the time and a mark, until somebody looks at it', () => {
    const looked = new ReadMarks(memory());
    const rows = (agent = finished): string[] => {
      const items = agentItems(picture({ agents: [agent], now }), english, (one, of) => looked.isUnread(one, of));
      return drawn(items).slice(0, 1);
    };
    let told = 0;
    looked.onDidChange(() => (told += 1));
    assert.deepEqual(rows(), ['pass-filled a · ● finished 5 min ago · idle']);
    assert.deepEqual(rows({ ...finished, state: 'cold' }), ['pass-filled a · ● finished 5 min ago · asleep']);
    assert.deepEqual(rows({ ...finished, lastActiveAt: '2026-01-02T03:59:30Z' }), [
      'pass-filled a · ● finished just now · idle',
    ]);
    looked.agent(finished);
    looked.agent(finished);
    assert.equal(told, 1);
    assert.deepEqual(rows(), ['circle-large-filled a · idle']);
    const again = { ...finished, lastActiveAt: '2026-01-02T03:58:00Z', roundsCompleted: 2 };
    assert.deepEqual(rows(again), ['pass-filled a · ● finished 2 min ago · idle']);
  });

  it('does not mark a turn that was interrupted', () => {
    const held = agentItems(picture({ agents: [finished], waiting: { a: { held: 1 } }, now }), english, () => true);
    assert.deepEqual(drawn(held)[0], 'warning a · idle, interrupted');
    const outcome = { status: 'interrupted' } as const;
    const turn = { id: 't', startedAt: 0, endedAt: 1, outcome, items: [], plan: [], diff: '', steers: [] };
    const looked = new ReadMarks(memory());
    assert.ok(looked.isUnread(finished, emptyView('persistent')));
    assert.ok(!looked.isUnread(finished, { ...emptyView('persistent'), pastTurns: [turn] }));
  });

  it('is spoken of without the mark', () => {
    const [item] = agentItems(picture({ agents: [finished], now }), english, () => true);
    assert.equal(item?.spoken, 'Agent a, finished 5 min ago, idle');
  });

  it('shows its trouble rather than the mark', () => {
    const scene = { agents: [finished], now, waiting: { a: { held: 1 } } };
    const [item] = flat(agentItems(picture(scene), english, () => true));
    assert.equal(item?.icon.id, 'warning');
  });

  it('is none that is at work, has done nothing, was stopped, or is run by tt', () => {
    assert.equal(finishedAt(finished, view), now - 5 * 60_000);
    for (const fields of [
      { state: 'working' },
      { state: 'stopped' },
      { state: 'error' },
      { roundsCompleted: 0 },
    ] as const)
      assert.equal(finishedAt({ ...finished, ...fields }, view), undefined);
    assert.equal(finishedAt(finished, { ...view, owner: 'external' }), undefined);
  });

  it('stays looked at over reloads; what is remembered does not grow for ever', () => {
    const stored: Record<string, unknown> = {};
    const looked = new ReadMarks(memory(stored));
    looked.agent(finished);
    looked.agent({ ...finished, lastActiveAt: '2026-01-02T03:58:00Z' });
    looked.message('m');
    const reloaded = new ReadMarks(memory(stored));
    assert.deepEqual([reloaded.isRead('m'), reloaded.isRead('n')], [true, false]);
    assert.equal(reloaded.isUnread({ ...finished, lastActiveAt: '2026-01-02T03:58:00Z' }, view), false);
    assert.equal(Object.values(stored).flat().length, 2);
    for (let index = 0; index < 1_200; index += 1) reloaded.message(`m${index}`);
    assert.equal(Object.values(stored).flat().length, 1_000);
    assert.equal(new ReadMarks(memory({ 'tinytown.looked': 'broken' })).isRead('m'), false);
  });
});
