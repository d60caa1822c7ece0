/** The short version of `npm run chaos`: some seeds that between them hold every kind of disaster and of agent. */
import assert from 'node:assert/strict';
import { run } from '../../chaos/run.ts';
import { disasterKinds, scheduleOf } from '../../chaos/schedule.ts';

const seeds = [75, 316, 36, 3, 8];

describe('a town in which everything goes wrong', () => {
  it('is tested with every kind of disaster, and of agent', () => {
    const schedules = seeds.map((seed) => scheduleOf(seed));
    const kinds = schedules.flatMap(({ disasters }) => disasters.map((disaster) => disaster.do));
    assert.deepEqual([...new Set(kinds)].toSorted(), [...disasterKinds].toSorted());
    assert.equal(new Set(schedules.flatMap(({ agents }) => agents)).size, 3);
  });

  for (const seed of seeds) {
    it(`loses nothing, delivers nothing twice and leaves no process behind (seed ${seed})`, async () => {
      const { violations, log } = await run(seed);
      assert.deepEqual(violations, [], `the log of the windows is ${log ?? 'gone'}`);
    });
  }
});
