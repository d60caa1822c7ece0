import assert from 'node:assert/strict';
import { Backoff } from '../../../src/util/backoff.ts';

const pauses = (random: number, attempts: number): (number | undefined)[] => {
  const backoff = new Backoff({ firstMs: 100, maxMs: 500, attempts, random: () => random });
  return Array.from({ length: attempts + 1 }, () => backoff.next());
};

describe('backoff', () => {
  it('doubles up to a limit, then gives up', () => {
    assert.deepEqual(pauses(0.999999, 5), [100, 200, 400, 500, 500, undefined]);
  });

  it('takes between half of a pause and all of it', () => {
    assert.deepEqual(pauses(0, 3), [50, 100, 200, undefined]);
  });

  it('begins again after a reset', () => {
    const backoff = new Backoff({ firstMs: 100, maxMs: 500, attempts: 1, random: () => 0 });
    assert.equal(backoff.next(), 50);
    assert.equal(backoff.next(), undefined);
    backoff.reset();
    assert.equal(backoff.next(), 50);
  });
});
