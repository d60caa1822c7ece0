/** A window that sleeps for longer than its lease: what it ran is ended, it writes nothing, and it comes back when it is needed. */
import assert from 'node:assert/strict';
import { nameOf } from '../../chaos/disasters.ts';
import { textOf, rawWriter } from '../../chaos/writers.ts';
import type { PlannedMessage } from '../../chaos/schedule.ts';
import { World } from '../../chaos/world.ts';
import type { ChaosWindow } from '../../chaos/window.ts';
import { eventually } from '../../support/eventually.ts';

function message(number: number): PlannedMessage {
  return { marker: `<<0.${number}>>`, agent: 0, lane: 'normal', kind: 'task', assigned: false };
}

describe('a window that sleeps for longer than its lease', () => {
  let world: World;

  beforeEach(async () => {
    world = await World.create(0);
  });

  afterEach(async () => {
    await world.end();
    await world.remove();
  });

  async function delivered(message: PlannedMessage, agentId: string): Promise<void> {
    const writer = rawWriter(world.redis.socketPath, world.keys);
    await writer.write(message, agentId);
    writer.end();
    await world.model.waitForRequest(({ userTexts }) => userTexts.some((text) => text.includes(message.marker)));
    await eventually(async () => (await world.direct.hlen(world.keys.inflight(agentId))) === 0);
  }

  async function ownedBy(window: ChaosWindow, agentId: string): Promise<void> {
    const owner = async (): Promise<boolean> =>
      (await world.direct.get(world.keys.lease(agentId)))?.split('/')[1] === String(window.pid);
    await eventually(owner, { what: 'The owner' });
  }

  it('loses its agents with all that runs for them, and gets them back when the other window dies', async () => {
    const first = world.openWindow();
    await first.opened();
    assert.equal(await first.ask({ do: 'spawn', agent: nameOf(0) }), undefined);
    const [key = ''] = await world.direct.keys(world.keys.patternOf('agent'));
    const agentId = (await world.direct.hget(key, 'id')) ?? '';
    await delivered(message(1), agentId);
    const [before] = await world.agentProcesses();
    const second = world.openWindow();
    await second.opened();
    first.signal('SIGSTOP');
    await ownedBy(second, agentId);
    await delivered(message(2), agentId);
    const during = await world.agentProcesses();
    assert.equal(during.length, 1, 'the process of the sleeper has gone');
    assert.notEqual(during[0]?.pid, before?.pid);
    first.signal('SIGCONT');
    await delivered(message(3), agentId);
    await second.kill();
    await ownedBy(first, agentId);
    await delivered(message(4), agentId);
    const texts = world.model.userMessages();
    for (let number = 1; number <= 4; number += 1) {
      assert.equal(texts.filter((text) => text.includes(textOf(message(number)))).length, 1, `message ${number}`);
    }
    assert.deepEqual(world.watch.overlaps, []);
    assert.deepEqual([...first.unhandled, ...second.unhandled], []);
  });
});
