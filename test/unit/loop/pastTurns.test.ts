/** The past of agents: read when somebody looks, again after a turn, and each turn shown once. */
import assert from 'node:assert/strict';
import { type AgentView, PAST_TURNS, type TurnView, emptyView } from '../../../src/loop/state/agentView.ts';
import { PastTurns } from '../../../src/loop/state/pastTurns.ts';
import type { StoredTurn } from '../../../src/runtime/storedTurn.ts';
import { eventually } from '../../support/eventually.ts';
import { agentRecord } from '../ui/support.ts';

const stored = (number: number, fields: Partial<StoredTurn> = {}): StoredTurn => ({
  id: `t${number}`,
  startedAt: number,
  endedAt: number + 1,
  outcome: { status: 'completed' },
  items: [],
  ...fields,
});
const live = (number: number): TurnView => ({
  id: `t${number}`,
  startedAt: number,
  endedAt: undefined,
  outcome: undefined,
  items: [],
  plan: [],
  diff: 'live',
  steers: [],
});

function scene(turns: StoredTurn[]) {
  const town = {
    agent: agentRecord('scout', { id: 'a', runtimeSessionId: 'thread', roundsCompleted: turns.length }),
    turns,
    reads: 0,
    failure: undefined as Error | undefined,
  };
  const past = new PastTurns({
    agent: () => town.agent,
    historyOf:
      () =>
      async (_thread, { cursor, limit }) => {
        town.reads += 1;
        if (town.failure) throw town.failure;
        const from = Number(cursor ?? 0);
        const page = town.turns.toReversed().slice(from, from + limit);
        return { turns: page, next: from + limit < town.turns.length ? String(from + limit) : null };
      },
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  });
  const shown = (view: Partial<AgentView> = {}) => past.within({ ...emptyView('persistent'), ...view }, 'a').pastTurns;
  const done = (): Promise<boolean> => eventually(() => past.stateOf('a') === 'read');
  return { town, past, shown, done };
}

describe('the past turns of an agent', () => {
  it('are read when somebody looks, once, and at most as many as the tree shows', async () => {
    const { town, past, shown, done } = scene(Array.from({ length: 40 }, (_, number) => stored(number + 1)));
    assert.equal(past.stateOf('a'), 'unread');
    past.lookAgain('a');
    assert.equal(town.reads, 0, 'nobody has looked yet');
    past.look('a');
    past.look('a');
    assert.equal(past.stateOf('a'), 'reading');
    await done();
    assert.equal(shown().length, PAST_TURNS);
    assert.equal(shown().at(-1)?.id, 't40');
    const { reads } = town;
    past.look('a');
    assert.equal(town.reads, reads);
  });

  it('are shown once, as this window saw them where it did, in their order', async () => {
    const { past, shown, done } = scene([stored(1), stored(2), stored(3)]);
    past.look('a');
    await done();
    const turns = shown({ pastTurns: [live(2)], turn: live(3) });
    assert.deepEqual(
      turns.map(({ id, diff }) => [id, diff]),
      [
        ['t1', ''],
        ['t2', 'live'],
      ],
    );
  });

  it('leave out the one that another window still runs, and show it once it has ended', async () => {
    const { town, past, shown, done } = scene([stored(1), stored(2, { outcome: undefined, endedAt: undefined })]);
    town.agent = { ...town.agent, state: 'working' };
    past.look('a');
    await done();
    assert.deepEqual(
      shown().map(({ id }) => id),
      ['t1'],
    );
    past.lookAgain('a');
    assert.equal(town.reads, 1, 'it still runs');
    town.turns = [stored(1), stored(2)];
    town.agent = { ...town.agent, state: 'idle' };
    past.lookAgain('a');
    await done();
    assert.deepEqual(
      shown().map(({ id, outcome }) => [id, outcome?.status]),
      [
        ['t1', 'completed'],
        ['t2', 'completed'],
      ],
    );
  });

  it('are not read twice at once, though a turn has ended since the reading began', async () => {
    const { town, past, done } = scene([stored(1)]);
    past.look('a');
    const { reads } = town;
    town.agent = { ...town.agent, roundsCompleted: 2 };
    past.look('a');
    assert.equal(town.reads, reads);
    await done();
    past.look('a');
    assert.ok(town.reads > reads, 'then it is read again');
    await done();
  });

  it('can be looked for again where they could not be read', async () => {
    const { town, past, done } = scene([stored(1)]);
    town.failure = new Error('No Codex.');
    past.look('a');
    await eventually(() => past.stateOf('a') === 'failed');
    past.lookAgain('a');
    assert.equal(past.stateOf('a'), 'failed', 'only a person tries again');
    town.failure = undefined;
    past.look('a');
    await done();
  });

  it('are those of the thread that it has now', async () => {
    const { town, past, shown, done } = scene([stored(1)]);
    past.look('a');
    await done();
    town.agent = { ...town.agent, runtimeSessionId: 'another' };
    assert.equal(past.stateOf('a'), 'unread');
    assert.deepEqual(shown(), []);
  });

  it('show what was steered into them', async () => {
    const item = { kind: 'userMessage', status: 'completed' } as const;
    const items = [
      { ...item, id: '1', text: 'prompt', clientId: 'c1' },
      { ...item, id: '2', text: 'faster', clientId: 'c2' },
    ];
    const { past, shown, done } = scene([stored(1, { items })]);
    past.look('a');
    await done();
    assert.deepEqual(shown()[0]?.steers, [{ clientId: 'c2', text: 'faster', state: 'delivered' }]);
  });
});
