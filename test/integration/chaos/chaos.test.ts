/** The short version of `npm run chaos`: some seeds that between them hold every kind of disaster, many of them found bugs. */
import assert from 'node:assert/strict';
import { run } from '../../chaos/run.ts';

describe('a town in which everything goes wrong', function () {
  this.timeout(120_000);

  for (const seed of [1, 3, 4, 6, 8, 11]) {
    it(`loses nothing, delivers nothing twice and leaves no process behind (seed ${seed})`, async () => {
      const { violations, log } = await run(seed);
      assert.deepEqual(violations, [], `the log of the windows is ${log ?? 'gone'}`);
    });
  }
});
