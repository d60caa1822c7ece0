import assert from 'node:assert/strict';
import { decodeTurn } from '../../../src/town/records/batch.ts';

const seenWith = (attempts: unknown): object =>
  decodeTurn({ seen: JSON.stringify({ m: { attempts, threadId: null } }) }).seen;

describe('what turns have left behind', () => {
  it('counts no attempts that would have a message tried without end', () => {
    assert.deepEqual(seenWith(2), { m: { attempts: 2, threadId: null } });
    for (const attempts of [-1_000_000, 0.5, '1', null]) assert.deepEqual(seenWith(attempts), {});
  });
});
