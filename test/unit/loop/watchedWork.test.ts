/** What is known of an agent that somebody else runs, event by event. */
import assert from 'node:assert/strict';
import { type WatchedWork, WORK_LINES, foldWork, nothingWatched } from '../../../src/loop/state/watchedWork.ts';
import type { ReadEvent } from '../../../src/town/stores/events.ts';

let count = 0;

function event(eventType: string, message = '', data: Record<string, unknown> = {}): ReadEvent {
  count += 1;
  const timestamp = '2026-01-02T03:04:05Z';
  return { entry: `${count}-0`, eventType, agentId: 'a', taskId: undefined, message, timestamp, data };
}

const started = (): ReadEvent => event('agent_turn_started', 'ops: turn started');
const words = (text: string, data = {}): ReadEvent => event('agent_assistant_delta', text, data);
const tool = (text: string): ReadEvent => event('agent_tool_call', text);
const completed = (outcome: unknown = 'completed'): ReadEvent => event('agent_turn_completed', 'over', { outcome });

function folded(...events: ReadEvent[]): WatchedWork {
  return events.reduce(foldWork, nothingWatched);
}

function lines(...events: ReadEvent[]): string[] {
  return folded(...events).lines.map(({ kind, text }) => `${kind}: ${text}`);
}

describe('the work of an agent elsewhere', () => {
  it('joins the words of a message, and keeps them apart from tools', () => {
    assert.deepEqual(lines(words('I lo'), words('ok.'), tool('$ ls → 0'), words('Done.')), [
      'words: I look.',
      'tool: $ ls → 0',
      'words: Done.',
    ]);
  });

  it('keeps the id of a line while it grows', () => {
    const first = words('I ');
    assert.deepEqual(
      folded(first, words('look.')).lines.map(({ id }) => id),
      [first.entry],
    );
  });

  it('begins anew with each turn, and stands still when it is over', () => {
    const time = Date.parse('2026-01-02T03:04:05Z');
    assert.equal(folded(words('old'), started()).startedAt, time);
    assert.deepEqual(lines(words('old'), completed(), started(), words('new')), ['words: new']);
    const over = folded(started(), words('new'), completed());
    assert.equal(over.startedAt, undefined);
    assert.deepEqual(
      over.lines.map(({ kind }) => kind),
      ['words', 'completed'],
    );
    for (const type of ['agent_stopped', 'agent_failed'])
      assert.equal(folded(started(), event(type)).startedAt, undefined);
  });

  it('puts what is told late before the end of its turn', () => {
    const over = folded(started(), words('I am '), completed('interrupted'), words('done.'), tool('$ ls → 0'));
    assert.deepEqual(
      over.lines.map(({ kind, text }) => `${kind}: ${text}`),
      ['words: I am done.', 'tool: $ ls → 0', 'interrupted: over'],
    );
    assert.equal(over.startedAt, undefined);
  });

  it('knows since when a turn runs whose beginning it has not read', () => {
    const at = { turn_started_at: '2026-01-02T03:00:00Z' };
    assert.equal(folded(words('x', at)).startedAt, Date.parse(at.turn_started_at));
    assert.equal(folded(completed(), words('x', at)).startedAt, undefined);
    assert.equal(folded(words('x', { turn_started_at: 7 })).startedAt, undefined);
    assert.equal(folded(words('x', { turn_started_at: 'soon' })).startedAt, undefined);
  });

  it('takes no word for how a turn ended that it does not know', () => {
    assert.deepEqual(lines(completed('somehow'), completed(7)), ['ended: over', 'ended: over']);
  });

  it('is bounded in lines and in text', () => {
    assert.equal(folded(...Array.from({ length: 50 }, () => tool('x'))).lines.length, WORK_LINES);
    const long = folded(words('a'.repeat(3_000)), words('b'.repeat(3_000)));
    assert.equal(long.lines[0]?.text.length, 4_000);
    assert.match(long.lines[0].text, /^a{1000}b{3000}$/);
    assert.equal(folded(event('task_assigned')), nothingWatched);
  });
});
