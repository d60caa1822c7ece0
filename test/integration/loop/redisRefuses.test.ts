/** Redis refuses changes just as a person interrupts a turn: the work is held, and nobody runs it again by itself. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { eventually } from '../../support/eventually.ts';
import { gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

describe('an interrupt while Redis takes no changes', () => {
  let town: TestTown;
  let session: TownSession;

  beforeEach(async () => {
    town = await startTestTown(({ index }) => (index === 0 ? [{ hold: gate().opened }] : [{ text: 'done' }]));
    session = await town.open({ maxAttempts: 1 }, { patienceMs: 300, leaseMs: 1_500 });
    await session.actions.spawnAgent({ name: 'web' });
    await session.actions.sendMessage('web', 'the work');
    await agentWhen(session, 'web', (it, view) => it.state === 'working' && view.turn !== undefined, 'at work');
    await town.model.waitForRequest(() => true);
  });

  closesAfterEach(() => town);

  /** Resolves when its turn is over, of which Redis knows nothing. */
  async function interruptWhileRefused(): Promise<void> {
    await town.redis.cli('CONFIG', 'SET', 'min-replicas-to-write', '1');
    await session.actions.interrupt('web');
    await agentWhen(session, 'web', (_, view) => view.turn === undefined, 'its turn over');
    await eventually(async () => (await remembered()).length === 1, { what: 'the interrupt remembered' });
  }

  async function remembered(): Promise<string[]> {
    return await readdir(path.join(town.storage, 'holds')).catch(() => []);
  }

  /** What Redis takes again is held, and a message after it is done alone. */
  async function holds(window: TownSession): Promise<void> {
    const isHeld = ({ id }: { id: string }): boolean => window.mirror.waiting(id).held === 1;
    const { id } = await agentWhen(window, 'web', (it) => isHeld(it) && it.state === 'idle', 'its work held');
    await window.actions.sendMessage('web', 'something else');
    await agentWhen(window, 'web', (it) => it.roundsCompleted === 1 && it.state === 'idle', 'a round');
    assert.equal(window.mirror.waiting(id).held, 1);
    assert.equal(town.model.requests.length, 2);
    assert.deepEqual(await remembered(), []);
  }

  it('holds the work when Redis takes changes again', async () => {
    await interruptWhileRefused();
    await town.redis.cli('CONFIG', 'SET', 'min-replicas-to-write', '0');
    await holds(session);
  });

  it('holds it in the next window, where this one closes before Redis takes changes again', async () => {
    await interruptWhileRefused();
    await session.close();
    await town.redis.cli('CONFIG', 'SET', 'min-replicas-to-write', '0');
    await holds(await town.open({ maxAttempts: 1 }));
  });
});
