/** The user's answer about the backlog, as it is kept in a file. */
import assert from 'node:assert/strict';
import { PickupChoice } from '../../../src/loop/pickupChoice.ts';
import { tempDir } from '../../support/tempDir.ts';

describe('the answer about the backlog', () => {
  it('is the last one, however late a look at the file before it ends', async () => {
    const dir = await tempDir('pickup');
    const choice = new PickupChoice(dir.path, '/town', 'town');
    await choice.start();
    try {
      for (let round = 0; round < 50; round += 1) {
        const answer = round % 2 === 0 ? 'yes' : 'no';
        const looks = Array.from({ length: 4 }, () => choice.read());
        await choice.set(answer);
        await Promise.all(looks);
        assert.equal(choice.answer, answer, `round ${round}`);
      }
    } finally {
      choice.dispose();
      await dir.remove();
    }
  });
});
