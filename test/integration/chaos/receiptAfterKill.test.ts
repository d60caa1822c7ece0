/** Receipts of messages that a killed window had taken. */
import { Receipts } from '../../../src/loop/state/receipts.ts';
import { openRedis } from '../../../src/town/redis/connect.ts';
import { Town } from '../../../src/town/town.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { nameOf } from '../../chaos/disasters.ts';
import { TOWN, World } from '../../chaos/world.ts';
import { eventually } from '../../support/eventually.ts';
import { gate } from '../../support/scriptedModel.ts';
import { seenAs } from '../../support/seenAs.ts';

describe('the receipt of a message whose owner was killed in mid-turn', () => {
  it('is uncertain until another window has looked it up, and then runs to its end', async () => {
    const world = await World.create(0);
    const redis = await openRedis({ kind: 'url', source: 'setting', url: world.redis.url }, silentLogger);
    const watching = await Town.open(redis, TOWN, silentLogger);
    const receipts = new Receipts(watching.messages, watching.mirror, watching.wake, silentLogger);
    try {
      world.model.script = () => [{ hold: gate().opened }];
      const first = world.openWindow();
      await first.opened();
      await first.ask({ do: 'spawn', agent: nameOf(0) });
      await first.ask({ do: 'send', agent: nameOf(0), text: 'a long way', urgent: false, kind: 'task' });
      const id = await eventually(() => [...watching.mirror.agents.keys()][0]);
      const messageId = await eventually(() => receipts.of(id)?.[0]?.messageId);
      await seenAs('delivered', [{ receipts }], id, messageId);
      await first.kill();
      await seenAs('uncertain', [{ receipts }], id, messageId);
      world.model.script = () => [{ text: 'there' }];
      const second = world.openWindow();
      await second.opened();
      await seenAs('settled', [{ receipts }], id, messageId);
    } finally {
      receipts.dispose();
      watching.close();
      await world.end();
      await world.remove();
    }
  });
});
