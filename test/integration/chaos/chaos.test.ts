/** The short version of `npm run chaos`: some seeds that between them hold every kind of disaster. */
import assert from 'node:assert/strict';
import { run } from '../../chaos/run.ts';
import { disasterKinds, scheduleOf } from '../../chaos/schedule.ts';

const seeds = [3, 4, 5, 6, 8, 320];

describe('a town in which everything goes wrong', function () {
  this.timeout(120_000);

  it('is tested with every kind of disaster', () => {
    const kinds = seeds.flatMap((seed) => scheduleOf(seed).disasters.map((disaster) => disaster.do));
    assert.deepEqual([...new Set(kinds)].toSorted(), [...disasterKinds].toSorted());
  });

  for (const seed of seeds) {
    it(`loses nothing, delivers nothing twice and leaves no process behind (seed ${seed})`, async () => {
      const { violations, log } = await run(seed);
      assert.deepEqual(violations, [], `the log of the windows is ${log ?? 'gone'}`);
    });
  }
});
