/** The view of an agent as a fold over what its runtime tells. */
import assert from 'node:assert/strict';
import {
  type AgentView,
  PAST_TURNS,
  STALLED_AFTER_MS,
  WITHDRAWN,
  emptyView,
  isStalled,
  reduceView,
  withLeftBehind,
  withSteer,
} from '../../../src/loop/state/agentView.ts';
import type { AgentRequest, WithdrawnReason } from '../../../src/runtime/agentRequest.ts';
import type { RuntimeEvent } from '../../../src/runtime/codingAgent.ts';
import type { TurnItem } from '../../../src/runtime/turnItem.ts';
import { inEnglish } from '../../../src/util/sentence.ts';

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

function request(id: string): AgentRequest {
  const head = { id, turnId: 't1', itemId: null, askedAt: 1, subAgent: null, choices: [] };
  return { ...head, kind: 'permissions', reason: null, summary: [] };
}

function asked(id: string): RuntimeEvent {
  return { type: 'requestAsked', request: request(id) };
}

function withdrawn(requestId: string, reason: WithdrawnReason): RuntimeEvent {
  return { type: 'requestWithdrawn', requestId, reason };
}

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

  it('ends what was running with its turn, and hears of its own end after that', () => {
    const events: RuntimeEvent[] = [
      started,
      { type: 'itemStarted', turnId: 't1', item: command },
      { type: 'turnCompleted', turnId: 't1', outcome: { status: 'completed' } },
    ];
    const view = fold(events);
    assert.deepEqual(view.pastTurns[0]?.items, [{ ...command, status: 'stopped' }]);
    const exit = { type: 'exited', reason: 'crashed', code: 1, signal: null, stderrTail: '' } as const;
    assert.equal(fold([...events.slice(0, 2), exit]).pastTurns[0]?.items[0]?.status, 'stopped');
    const late = fold([{ type: 'itemCompleted', turnId: 't1', item: { ...command, status: 'completed' } }], view);
    assert.equal(late.pastTurns[0]?.items[0]?.status, 'completed');
  });

  it('keeps the end of what is too long', () => {
    const delta = `${'x'.repeat(250_000)}end`;
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
      { type: 'turnCompleted', turnId: 't1', outcome: { status: 'failed', message: 'no', trouble: 'retry' } },
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
    assert.equal(inEnglish(crashed.lastError ?? ''), 'The agent’s process was ended by signal SIGKILL. out of memory');
    assert.equal(fold([started, { ...exit, reason: 'stopped' }]).lastError, undefined);
  });

  it('shows a steer as sent, then delivered', () => {
    const sent = withSteer(fold([started]), { clientId: 's', text: 'left' });
    const delivered = fold([{ type: 'inputDelivered', turnId: 't1', clientId: 's' }], sent);
    assert.deepEqual(
      [sent, delivered].map((view) => view.turn?.steers[0]?.state),
      ['sent', 'delivered'],
    );
  });

  it('shows a steer as delivered whose echo has come before the word that it was taken', () => {
    const echo: TurnItem = { id: 'u', status: 'completed', kind: 'userMessage', text: 'left', clientId: 's' };
    const echoed = fold([started, { type: 'itemCompleted', turnId: 't1', item: echo }]);
    assert.equal(withSteer(echoed, { clientId: 's', text: 'left' }).turn?.steers[0]?.state, 'delivered');
  });

  it('is not stalled any more when something happens', () => {
    const stalled = { ...fold([started]), stalled: true };
    assert.equal(fold([{ type: 'itemStarted', turnId: 't1', item: text }], stalled).stalled, false);
  });

  it('holds what is asked in order, until it is answered', () => {
    const view = fold([started, asked('a'), asked('b'), asked('c'), withdrawn('b', 'answered')]);
    assert.deepEqual(
      view.requests.map(({ id }) => id),
      ['a', 'c'],
    );
    assert.deepEqual(view.withdrawn, []);
    assert.equal(reduceView(view, withdrawn('b', 'turnOver'), 9), view);
  });

  it('remembers the last that were withdrawn, and why', () => {
    const reasons = ['turnOver', 'withdrawn', 'exited'] as const;
    const view = fold([started, ...reasons.flatMap((reason) => [asked(reason), withdrawn(reason, reason)])]);
    assert.deepEqual(view.requests, []);
    assert.deepEqual(
      view.withdrawn.map((one) => [one.request.id, one.reason, one.at]),
      [
        ['turnOver', 'turnOver', 2],
        ['withdrawn', 'withdrawn', 4],
        ['exited', 'exited', 6],
      ],
    );
    const left = withLeftBehind(
      view,
      Array.from({ length: WITHDRAWN }, (_, index) => request(`left ${index}`)),
      50,
    );
    assert.equal(left.withdrawn.length, WITHDRAWN);
    assert.ok(left.withdrawn.every(({ reason, at }) => reason === 'reloaded' && at === 50));
  });

  it('is stalled when its turn says nothing for two minutes, unless it waits for a person', () => {
    const running = fold([started]);
    assert.equal(isStalled(running, 0, STALLED_AFTER_MS - 1), false);
    assert.equal(isStalled(running, 0, STALLED_AFTER_MS), true);
    assert.equal(isStalled(emptyView('persistent'), 0, STALLED_AFTER_MS), false);
    const asking = fold([asked('a')], running);
    assert.equal(isStalled(asking, 0, STALLED_AFTER_MS), false);
    assert.equal(isStalled(fold([withdrawn('a', 'answered')], asking), 0, STALLED_AFTER_MS), true);
  });
});
