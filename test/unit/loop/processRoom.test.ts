/** How many agents of a town run at the same time. */
import assert from 'node:assert/strict';
import { ProcessRoom } from '../../../src/loop/agent/processRoom.ts';
import { type Places, TownPlaces } from '../../../src/loop/agent/townPlaces.ts';
import { eventually } from '../../support/eventually.ts';
import { tempDir } from '../../support/tempDir.ts';

/** As many as are asked for: this window is the only one. */
const alone: Places = {
  take: () => Promise.resolve(() => Promise.resolve()),
  ask: () => Promise.resolve(),
  asked: () => Promise.resolve(false),
};

describe('the room for processes', () => {
  it('is for as many agents as may run, each once', async () => {
    const room = new ProcessRoom(() => 2, alone);
    const taken = await Promise.all(['a', 'b', 'c'].map((id) => room.take(id)));
    assert.deepEqual([...taken, await room.take('a')], [true, true, false, true]);
    assert.deepEqual([room.isFor('a'), room.isFor('c')], [true, false]);
    room.release('b');
    await room.close();
    assert.ok(await room.take('c'));
  });

  it('is wanted from those who have it, and told to those who wait', async () => {
    const room = new ProcessRoom(() => 1, alone);
    const told: string[] = [];
    room.onWaits(() => told.push('waits'));
    room.onFree((ids) => told.push(`free for ${ids.join()}`));
    await room.take('a');
    assert.equal(room.isWanted('a'), false);
    room.wait('b');
    room.wait('b');
    room.wait('c');
    assert.deepEqual([room.isWanted('a'), room.isWanted('b'), room.waitsFor('b')], [true, false, true]);
    room.release('a');
    room.release('a');
    await room.close();
    assert.deepEqual(told, ['waits', 'waits', 'free for b,c']);
    assert.deepEqual([room.isWanted('a'), room.waitsFor('b')], [false, false]);
  });

  it('follows a limit that changes', async () => {
    let limit = 1;
    const room = new ProcessRoom(() => limit, alone);
    await room.take('a');
    limit = 2;
    assert.ok(await room.take('b'));
    limit = 1;
    room.release('b');
    await room.close();
    assert.equal(await room.take('b'), false);
  });

  it('does not hold itself up for who waits no more', async () => {
    const room = new ProcessRoom(() => 1, alone);
    await room.take('a');
    room.wait('b');
    room.forget('b');
    assert.equal(room.isWanted('a'), false);
  });

  it('is shared by all windows of the town: who waits in one is told of by an idle agent’s place in another', async () => {
    const storage = await tempDir('places');
    const window = (): ProcessRoom => new ProcessRoom(() => 2, new TownPlaces(storage.path, '/w', 'town'));
    const [first, second] = [window(), window()];
    try {
      assert.ok(await first.take('a'));
      assert.ok(await second.take('b'));
      assert.equal(await first.take('c'), false);
      assert.equal(await second.take('d'), false);
      assert.equal(second.isFor('d'), false);
      const freed = new Promise<readonly string[]>((resolve) => second.onFree(resolve));
      second.wait('d');
      await eventually(() => first.isWanted('a'), { what: 'the other window knows' });
      first.release('a');
      assert.deepEqual(await freed, ['d']);
      await first.close();
      assert.ok(await eventually(() => second.take('d')));
    } finally {
      for (const room of [first, second]) for (const id of ['a', 'b', 'c', 'd']) room.release(id);
      await Promise.all([first.close(), second.close()]);
      await storage.remove();
    }
  });
});
