/** What a transcript is made of: stored turns, page by page, and what the window saw itself, each turn once. */
import assert from 'node:assert/strict';
import { type AgentView, type TurnView, emptyView } from '../../../src/loop/state/agentView.ts';
import type { StoredTurn } from '../../../src/runtime/storedTurn.ts';
import { AgentTranscript } from '../../../src/ui/history/agentTranscript.ts';
import { agentRecord, english } from './support.ts';

const stored = (id: string, over = true): StoredTurn => ({
  id,
  startedAt: 1,
  endedAt: over ? 2 : undefined,
  outcome: over ? { status: 'completed' } : undefined,
  items: [],
});
const seen = (id: string): TurnView => ({
  id,
  startedAt: 1,
  endedAt: 2,
  outcome: { status: 'completed' },
  items: [],
  plan: [],
  diff: '',
  steers: [{ clientId: 's', text: 'live', state: 'delivered' }],
});

/** A thread whose pages hold two turns, and an agent with it. */
function scene(thread: StoredTurn[], view: Partial<AgentView> = {}) {
  const town = {
    thread,
    agent: agentRecord('scout', { runtimeSessionId: 'thread' }),
    view: { ...emptyView('persistent'), owner: 'here' as AgentView['owner'], ...view },
    pages: 0,
    failure: undefined as Error | undefined,
  };
  const shown: string[][] = [];
  const transcript = new AgentTranscript({
    agent: () => town.agent,
    view: () => town.view,
    history: async (_thread, { cursor }) => {
      if (town.failure) throw town.failure;
      town.pages += 1;
      const from = Number(cursor ?? 0);
      const newest = town.thread.toReversed().slice(from, from + 2);
      return { turns: newest, next: from + 2 < town.thread.length ? String(from + 2) : null };
    },
    roundLogs: ({ name }) => `/logs/${name}_….log`,
    onDidRead: () => shown.push(ids()),
    t: english,
  });
  const ids = (): string[] => transcript.content().turns.map(({ id }) => id);
  return { town, transcript, shown, ids };
}

describe('what a transcript is made of', () => {
  it('comes page by page, the newest first, and says so until it is whole', async () => {
    const { transcript, shown, ids } = scene(['1', '2', '3', '4', '5'].map((id) => stored(id)));
    const read = transcript.read();
    await transcript.newest;
    assert.deepEqual(shown[0], ['4', '5']);
    assert.match(transcript.content().notes.join(), /^2 turns so far/);
    await read;
    assert.deepEqual(ids(), ['1', '2', '3', '4', '5']);
    assert.deepEqual(transcript.content().notes, []);
  });

  it('has each turn once, as the window saw it where it did, and the running one by itself', async () => {
    const running = { ...seen('4'), endedAt: undefined, outcome: undefined };
    const thread = [stored('1'), stored('2'), stored('4', false)];
    const { transcript, ids } = scene(thread, { pastTurns: [seen('2'), seen('3')], turn: running });
    await transcript.read();
    assert.deepEqual(ids(), ['1', '2', '3']);
    assert.equal(transcript.content().turns[1]?.steers?.length, 1);
    assert.equal(transcript.content().running?.id, '4');
  });

  it('keeps what the window saw, however much came after it', async () => {
    const { town, transcript, ids } = scene([]);
    await transcript.read();
    for (let turn = 1; turn <= 30; turn += 1) {
      town.view = { ...town.view, pastTurns: [...town.view.pastTurns, seen(`${turn}`)].slice(-10) };
      transcript.observe();
    }
    assert.equal(ids().length, 30);
    assert.equal(town.pages, 1, 'what this window runs needs no second look');
  });

  it('reads only what is new when another window has run a turn', async () => {
    const { town, transcript, ids } = scene(
      ['1', '2', '3', '4', '5', '6'].map((id) => stored(id)),
      {
        owner: 'elsewhere',
      },
    );
    await transcript.read();
    assert.equal(town.pages, 3);
    town.thread = [...town.thread, stored('7', false)];
    town.agent = { ...town.agent, state: 'working' };
    transcript.observe();
    await transcript.read();
    assert.equal(transcript.content().running?.id, '7');
    const before = town.pages;
    town.thread = town.thread.with(6, stored('7'));
    town.agent = { ...town.agent, state: 'idle', roundsCompleted: 1 };
    transcript.observe();
    await transcript.read();
    assert.deepEqual(ids(), ['1', '2', '3', '4', '5', '6', '7']);
    assert.equal(transcript.content().running, undefined);
    assert.ok(town.pages - before <= 2, 'the whole history was read again');
  });

  it('says what went wrong, keeps what it has, and tries again', async () => {
    const { town, transcript, ids } = scene([stored('1')], { pastTurns: [seen('2')] });
    town.failure = new Error('No Codex.');
    await transcript.read();
    assert.deepEqual(ids(), ['2']);
    assert.deepEqual(transcript.content().notes, ['The stored turns could not be read: No Codex.']);
    assert.equal(transcript.failure, 'No Codex.');
    town.failure = undefined;
    await transcript.read();
    assert.deepEqual(ids(), ['1', '2']);
    assert.equal(transcript.failure, undefined);
  });

  it('says where the logs of one-shot turns are, which no thread keeps', async () => {
    const { town, transcript } = scene([], { mode: 'one-shot' });
    town.agent = agentRecord('scout', { runtimeSessionId: undefined });
    await transcript.read();
    assert.equal(town.pages, 0);
    assert.match(transcript.content().notes.join(), /\/logs\/scout_….log/);
  });
});
