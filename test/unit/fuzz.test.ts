/** The short version of `npm run fuzz`: everything that decodes what others write gets what they should not have written. */
import assert from 'node:assert/strict';
import { runCampaign } from '../fuzz/campaign.ts';

describe('hostile input', () => {
  for (const seed of [1, 2, 3]) {
    it(`throws nothing, hangs nothing and leaves nothing unhandled (seed ${seed})`, async () => {
      const { failures, counts } = await runCampaign({ seed, from: 0, cases: 15_000 });
      assert.deepEqual(failures, []);
      assert.ok(counts.size >= 16, 'every target has its turn');
    });
  }
});
