/** Turns cost money: agents look at the backlog on their own only where the user has said so, and never twice at the same. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { eventually } from '../../support/eventually.ts';
import type { ModelRequest } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

const names = ['anna', 'berta', 'clara', 'dora'];
const quietMs = 50;

async function allIdle(session: TownSession): Promise<void> {
  for (const name of names) await agentWhen(session, name, ({ state }) => state === 'idle', 'idle');
}

/** Waits until every agent has looked at the backlog as it is now and could have begun a turn. */
async function looked(session: TownSession): Promise<void> {
  await session.mirror.refresh();
  await allIdle(session);
  await pause(4 * quietMs);
  await allIdle(session);
}

describe('a town in which nobody asks for anything', () => {
  let town: TestTown;

  closesAfterEach(() => town);

  for (const answer of ['no', undefined] as const) {
    it(`makes no model request where the answer is ${answer ?? 'not given'}`, async () => {
      town = await startTestTown();
      const session = await town.open({}, { quietMs });
      if (answer) await session.pickup.set(answer);
      for (const name of names) await session.actions.spawnAgent({ name });
      await allIdle(session);
      const tasks = [];
      for (let count = 1; count <= 9; count += 1) tasks.push(await session.actions.tasks.add(`For later ${count}`));
      await looked(session);
      await session.actions.tasks.tag(tasks[0]!.id, ['docs']);
      await session.actions.tasks.describe(tasks[1]!.id, 'For much later');
      await session.actions.tasks.removeFromBacklog(tasks[2]!.id);
      await looked(session);
      await session.close();
      const reloaded = await town.open({}, { quietMs });
      const second = await town.open({}, { quietMs });
      await second.actions.tasks.add('From the second window');
      await looked(reloaded);
      assert.equal(town.model.requests.length, 0);

      const asked = await reloaded.actions.assignTask('anna', 'Only this');
      await agentWhen(reloaded, 'anna', (it) => it.roundsCompleted === 1, 'one round');
      assert.ok(asked);
      assert.equal(town.model.requests.length, 1);
      assert.doesNotMatch(town.model.requests[0]!.lastUserText, /For later/);
    });
  }

  it('offers a backlog to one agent at a time, and never the same twice, over windows and reloads', async () => {
    const open = new Set<ModelRequest>();
    let most = 0;
    town = await startTestTown(async (request) => {
      open.add(request);
      most = Math.max(most, open.size);
      await pause(100);
      open.delete(request);
      return [{ text: 'Not for me.' }];
    });
    const session = await town.open({}, { quietMs });
    const second = await town.open({}, { quietMs });
    for (const name of names) await (name < 'c' ? session : second).actions.spawnAgent({ name });
    await allIdle(session);
    for (let count = 1; count <= 9; count += 1) await session.actions.tasks.add(`For later ${count}`);
    await looked(session);
    assert.equal(town.model.requests.length, 0);
    await second.pickup.set('yes');
    await eventually(() => session.pickup.answer === 'yes', { what: 'the other window knows the answer' });
    for (const name of names) await agentWhen(session, name, (it) => it.roundsCompleted === 1, 'was asked');
    await looked(session);
    assert.equal(town.model.requests.length, names.length);
    assert.equal(most, 1);

    await Promise.all([session.close(), second.close()]);
    const reloaded = await town.open({}, { quietMs });
    await looked(reloaded);
    assert.equal(town.model.requests.length, names.length, 'a reload offers nothing again');
    const one = reloaded.mirror.tasks.get(reloaded.mirror.backlog[0]!)!;
    await reloaded.actions.tasks.describe(one.id, 'For tomorrow');
    for (const name of names) await agentWhen(reloaded, name, (it) => it.roundsCompleted === 2, 'was asked again');
    assert.equal(most, 1);
    await reloaded.actions.tasks.describe(one.id, one.description);
    await reloaded.pickup.set('no');
    await looked(reloaded);
    assert.equal(town.model.requests.length, 2 * names.length);
  });
});
