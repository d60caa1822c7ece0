/** The disk with the extension's own files is full: nothing ends, nothing is lost, and the user is told once. */
import assert from 'node:assert/strict';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { TinytownError } from '../../../src/util/errors.ts';
import { inEnglish } from '../../../src/util/sentence.ts';
import { eventually } from '../../support/eventually.ts';
import { type SmallDisk, smallDisk } from '../../support/smallDisk.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown, timesDelivered } from '../../support/testTown.ts';

describe('a full disk', () => {
  let disk: SmallDisk | undefined;
  let town: TestTown;
  const told: string[] = [];

  before(async function () {
    disk = await smallDisk();
    if (!disk) this.skip();
  });
  after(() => disk?.remove());
  beforeEach(async () => {
    told.length = 0;
    town = await startTestTown();
  });
  closesAfterEach(() => town);
  afterEach(() => disk?.empty());

  async function open(): Promise<TownSession> {
    assert.ok(disk);
    const session = await town.open({}, {}, { storageDir: disk.path });
    session.runner.onProblem(({ error }) => told.push(error instanceof TinytownError ? error.reason : String(error)));
    return session;
  }

  it('lets running agents go on, holds those that must start, and all go on once there is room', async () => {
    const session = await open();
    const { id } = await session.actions.spawnAgent({ name: 'ops', task: 'the first' });
    await agentWhen(session, 'ops', (it) => it.roundsCompleted === 1 && it.state === 'idle', 'one round');
    await session.townKey.read();
    await disk?.fill();
    await session.actions.sendMessage('ops', 'the second');
    await agentWhen(
      session,
      'ops',
      (it) => it.roundsCompleted === 2 && it.state === 'idle',
      'a round of a running one',
    );
    assert.deepEqual(told, []);

    await session.actions.restartAgent('ops');
    await agentWhen(session, 'ops', (_it, view) => view.lastError !== undefined, 'the row that says so');
    await session.actions.sendMessage('ops', 'the third');
    // The end of its process has made a little room.
    await disk?.fill();
    await session.actions.spawnAgent({ name: 'docs', task: 'the third' });
    await agentWhen(session, 'docs', (_it, view) => view.lastError !== undefined, 'its row, too');
    assert.deepEqual(told, ['storageRefuses']);
    assert.equal(town.log.filter((line) => line.includes('comes to no end')).length, 0, 'nobody tries without pause');
    assert.match(inEnglish(session.runner.view(id).lastError ?? ''), /disk is full.*Free up some space/);
    assert.equal(session.mirror.waiting(id).inbox, 1, 'the message waits');
    // What is only read is there: another window is answered, and asks, with the key of the town.
    await session.townKey.read();
    await assert.rejects(session.actions.changePermissions('ops', 'read-only', { mayWiden: false }), {
      reason: 'storageRefuses',
    });

    await disk?.empty();
    for (const [name, rounds] of [
      ['ops', 3],
      ['docs', 1],
    ] as const)
      await agentWhen(session, name, (it) => it.roundsCompleted === rounds && it.state === 'idle', 'it has gone on');
    assert.equal(timesDelivered(town, 'the third'), 2, 'once each');
    assert.deepEqual(told, ['storageRefuses']);
    await agentWhen(session, 'ops', (_it, view) => view.lastError === undefined, 'a row without it');
  });

  it('does not open the town, says why, and opens it once there is room', async () => {
    await disk?.fill();
    await assert.rejects(open(), { reason: 'storageRefuses', message: /disk is full/ });
    await disk?.empty();
    const session = await eventually(() => open());
    await session.actions.spawnAgent({ name: 'ops', task: 'the first' });
    await agentWhen(session, 'ops', (it) => it.roundsCompleted === 1, 'one round');
  });
});
