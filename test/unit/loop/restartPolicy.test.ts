/** How long a round waits after a failure, whatever stands in its record. */
import assert from 'node:assert/strict';
import { longestDelay, retryDelay } from '../../../src/loop/agent/restartPolicy.ts';

describe('the longest wait after a failure', () => {
  const table: [string, number[], number][] = [
    ['without a failure is that for a busy service', [], 32_000],
    ['after one is the same', [1], 32_000],
    ['after many is that of the message that has failed most', [1, 4, 2], 128_000],
    ['has an end', [1_000], 300_000],
  ];
  for (const [title, attempts, expected] of table) {
    it(title, () => {
      const seen = Object.fromEntries(attempts.map((count, id) => [`m${id}`, { attempts: count, threadId: null }]));
      assert.equal(longestDelay({ seen }), expected);
      for (const count of attempts) assert.ok(retryDelay(count) <= longestDelay({ seen }));
    });
  }
});
