/** Time, context and limits, in words. */
import assert from 'node:assert/strict';
import type { AgentView } from '../../../src/loop/state/agentView.ts';
import { accountLimits, contextPercent, elapsed, limitWarning, limitWords } from '../../../src/ui/agents/usage.ts';
import { agentRecord, english, picture } from './support.ts';

const now = new Date(2026, 4, 5, 12, 0).getTime();
const at = (...date: [number, number, number, number, number]): number => new Date(...date).getTime() / 1_000;

function resetting(resetsAt: number): string {
  return limitWords({ usedPercent: 5, windowMinutes: 300, resetsAt }, now, english);
}

/** What an agent's view holds of limits that it was told at a time. */
function told(usedPercent: number, rateLimitsAt: number, resetsAt: number | null = null): Partial<AgentView> {
  return { rateLimits: [{ usedPercent, windowMinutes: 300, resetsAt }], rateLimitsAt };
}

describe('usage in words', () => {
  it('is coarse about time', () => {
    const minutes = [0, 0.99, 1, 59.9, 60, 65, 120].map((count) => elapsed(count * 60_000, english));
    assert.deepEqual(minutes, [undefined, undefined, '1 min', '59 min', '1 h', '1 h 5 min', '2 h']);
  });

  it('knows a share of the context only where its size is known', () => {
    const usage = { totalTokens: 1, contextTokens: 38, contextWindow: 100 };
    assert.equal(contextPercent(usage), 38);
    assert.equal(contextPercent({ ...usage, contextTokens: 300 }), 100);
    assert.equal(contextPercent({ ...usage, contextWindow: null }), undefined);
    assert.equal(contextPercent(undefined), undefined);
  });

  it('calls limits by the length of their window', () => {
    const words = [300, 10_080, 1_440, 4_320, 45, null].map((windowMinutes) =>
      limitWords({ usedPercent: 41.6, windowMinutes, resetsAt: null }, now, english),
    );
    assert.deepEqual(words, [
      '5 h window 42% used',
      'weekly window 42% used',
      '1 day window 42% used',
      '3 day window 42% used',
      '45 min window 42% used',
      'usage limit 42% used',
    ]);
  });

  it('says when a limit is reset: the day only where it is not today', () => {
    assert.equal(resetting(at(2026, 4, 5, 15, 30)), '5 h window 5% used, resets 15:30');
    assert.match(resetting(at(2026, 4, 7, 9, 0)), /^5 h window 5% used, resets \S+ 09:00$/);
  });

  it('takes the limits that were heard last, of whichever agent, and forgets windows that are over', () => {
    const agents = ['a', 'b', 'c'].map((name) => agentRecord(name));
    const used = (views: Parameters<typeof picture>[0]['views']): number[] =>
      accountLimits(picture({ agents, now, views: views ?? {} })).map(({ usedPercent }) => usedPercent);
    assert.deepEqual(used({}), []);
    assert.deepEqual(used({ a: told(10, 1), b: told(30, 3), c: told(20, 2) }), [30]);
    assert.deepEqual(used({ a: told(10, 1), b: told(99, 3, now / 1_000 - 1) }), []);
  });

  it('warns only of what is nearly reached', () => {
    const five = { usedPercent: 89.4, windowMinutes: 300, resetsAt: null };
    const weekly = { usedPercent: 94, windowMinutes: 10_080, resetsAt: null };
    assert.equal(limitWarning([five], now, english), undefined);
    assert.equal(
      limitWarning([five, weekly], now, english),
      'Your Codex account is near its limit: weekly window 94% used.',
    );
  });
});
