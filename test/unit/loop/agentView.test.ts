/** The view of an agent as a fold over what its runtime tells. */
import assert from 'node:assert/strict';
import { type AgentView, PAST_TURNS, emptyView, reduceView, withSteer } from '../../../src/loop/agentView.ts';
import type { RuntimeEvent, TurnItem } from '../../../src/runtime/codingAgent.ts';

function fold(events: readonly RuntimeEvent[], from: AgentView = emptyView('persistent')): AgentView {
  return events.reduce((view, event, index) => reduceView(view, event, index), from);
}

const started: RuntimeEvent = { type: 'turnStarted', turnId: 't1', adopted: false };
const text: TurnItem = { id: 'm1', status: 'running', kind: 'agentMessage', text: '' };
const command: TurnItem = {
  id: 'c1',
  status: 'running',
  kind: 'command',
  command: 'make',
  cwd: '/',
  output: '',
  exitCode: null,
  durationMs: null,
};

describe('an agent’s view', () => {
  it('grows items by their deltas and replaces them when they are complete', () => {
    const view = fold([
      started,
      { type: 'itemStarted', turnId: 't1', item: text },
      { type: 'itemDelta', turnId: 't1', itemId: 'm1', kind: 'text', delta: 'Hel' },
      { type: 'itemDelta', turnId: 't1', itemId: 'm1', kind: 'text', delta: 'lo' },
      { type: 'itemStarted', turnId: 't1', item: command },
      { type: 'itemDelta', turnId: 't1', itemId: 'c1', kind: 'output', delta: 'ok' },
    ]);
    assert.deepEqual(
      view.turn?.items.map((item) => ('text' in item ? item.text : 'output' in item ? item.output : '')),
      ['Hello', 'ok'],
    );
    const done = fold(
      [{ type: 'itemCompleted', turnId: 't1', item: { ...text, status: 'completed', text: 'Hello!' } }],
      view,
    );
    assert.deepEqual(done.turn?.items[0], { ...text, status: 'completed', text: 'Hello!' });
  });

  it('keeps the end of what is too long', () => {
    const delta = `${'x'.repeat(150_000)}end`;
    const view = fold([
      started,
      { type: 'itemStarted', turnId: 't1', item: command },
      { type: 'itemDelta', turnId: 't1', itemId: 'c1', kind: 'output', delta },
    ]);
    const [item] = view.turn?.items ?? [];
    assert.ok(item?.kind === 'command' && item.output.length === 100_000 && item.output.endsWith('end'));
  });

  it('ignores what belongs to another turn', () => {
    const view = fold([started]);
    assert.equal(reduceView(view, { type: 'itemStarted', turnId: 'other', item: text }, 1), view);
  });

  it('keeps the last turns with their outcome', () => {
    const events = Array.from({ length: PAST_TURNS + 3 }, (_, n): RuntimeEvent[] => [
      { type: 'turnStarted', turnId: `t${n}`, adopted: false },
      { type: 'turnCompleted', turnId: `t${n}`, outcome: { status: 'completed' } },
    ]).flat();
    const view = fold(events);
    assert.equal(view.turn, undefined);
    assert.deepEqual([view.pastTurns.length, view.pastTurns[0]?.id], [PAST_TURNS, 't3']);
  });

  it('tells what went wrong until something goes well', () => {
    const failed = fold([
      started,
      { type: 'turnCompleted', turnId: 't1', outcome: { status: 'failed', message: 'no', unauthorized: false } },
    ]);
    assert.equal(failed.lastError, 'no');
    const well = fold(
      [
        { ...started, turnId: 't2' },
        { type: 'turnCompleted', turnId: 't2', outcome: { status: 'completed' } },
      ],
      failed,
    );
    assert.equal(well.lastError, undefined);
  });

  it('ends the turn with its process, and says how that went away', () => {
    const exit = { type: 'exited', code: null, signal: 'SIGKILL', stderrTail: 'one\nout of memory\n' } as const;
    const crashed = fold([started, { ...exit, reason: 'crashed' }]);
    assert.equal(crashed.turn, undefined);
    assert.equal(crashed.lastError, 'The agent’s process ended by signal SIGKILL: out of memory');
    assert.equal(fold([started, { ...exit, reason: 'stopped' }]).lastError, undefined);
  });

  it('shows a steer as sent, then delivered', () => {
    const sent = withSteer(fold([started]), { clientId: 's', text: 'left', state: 'sent' });
    const delivered = fold([{ type: 'inputDelivered', turnId: 't1', clientId: 's' }], sent);
    assert.deepEqual(
      [sent, delivered].map((view) => view.turn?.steers[0]?.state),
      ['sent', 'delivered'],
    );
  });

  it('is not stalled any more when something happens', () => {
    const stalled = { ...fold([started]), stalled: true };
    assert.equal(fold([{ type: 'itemStarted', turnId: 't1', item: text }], stalled).stalled, false);
  });
});
