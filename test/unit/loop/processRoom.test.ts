/** How many agents of a window run at the same time. */
import assert from 'node:assert/strict';
import { ProcessRoom } from '../../../src/loop/agent/processRoom.ts';

describe('the room for processes', () => {
  it('is for as many agents as may run, each once', () => {
    const room = new ProcessRoom(() => 2);
    assert.deepEqual(
      ['a', 'b', 'a', 'c'].map((id) => room.take(id)),
      [true, true, true, false],
    );
    assert.deepEqual([room.isFor('a'), room.isFor('c')], [true, false]);
    room.release('b');
    assert.ok(room.take('c'));
  });

  it('is wanted from those who have it, and told to those who wait', () => {
    const room = new ProcessRoom(() => 1);
    const told: string[] = [];
    room.onWaits(() => told.push('waits'));
    room.onFree((ids) => told.push(`free for ${ids.join()}`));
    room.take('a');
    assert.equal(room.isWanted('a'), false);
    room.wait('b');
    room.wait('b');
    room.wait('c');
    assert.deepEqual([room.isWanted('a'), room.isWanted('b'), room.waitsFor('b')], [true, false, true]);
    room.release('a');
    room.release('a');
    assert.deepEqual(told, ['waits', 'waits', 'free for b,c']);
    assert.deepEqual([room.isWanted('a'), room.waitsFor('b')], [false, false]);
  });

  it('follows a limit that changes', () => {
    let limit = 1;
    const room = new ProcessRoom(() => limit);
    room.take('a');
    limit = 2;
    assert.ok(room.take('b'));
    limit = 1;
    room.release('b');
    assert.equal(room.take('b'), false);
  });

  it('does not hold itself up for who waits no more', () => {
    const room = new ProcessRoom(() => 1);
    room.take('a');
    room.wait('b');
    room.forget('b');
    assert.equal(room.isWanted('a'), false);
  });
});
