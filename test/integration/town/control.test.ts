/** A window asks an agent's owner for something, while another client writes to the keys that they use. */
import assert from 'node:assert/strict';
import { AgentStore } from '../../../src/town/agents.ts';
import { Control } from '../../../src/town/control.ts';
import { Delivery } from '../../../src/town/delivery.ts';
import { TownKey } from '../../../src/town/townKey.ts';
import { WakeSource } from '../../../src/town/wake.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { eventually } from '../../support/eventually.ts';
import { openTestTown, testAgent } from '../../support/redisTown.ts';
import { tempDir } from '../../support/tempDir.ts';

describe('a command for an owner', () => {
  it('waits for its answer where somebody has made something else of the epoch and of the answer', async () => {
    const town = await openTestTown();
    const folder = await tempDir('keys');
    const { redis, keys } = town;
    const raw = town.server.client();
    const agent = testAgent('anna');
    const { id } = agent;
    const wake = new WakeSource(redis, keys, silentLogger);
    try {
      await new AgentStore(redis, keys).create(agent);
      const control = new Control(new Delivery(redis, keys), redis, keys, wake);
      await raw.rpush(keys.epoch(id), 'x');
      const asked = control.ask(id, { action: 'restart' }, new TownKey(folder.path, keys.town), 30_000);
      const [[, fields] = []] = await eventually(
        async () => {
          const entries = await raw.xrange(keys.control(id), '-', '+');
          return entries.length > 0 ? entries : undefined;
        },
        { what: 'the command' },
      );
      const token = fields?.[fields.indexOf('reply') + 1] ?? '';
      await raw.rpush(keys.reply(token), 'x');
      await raw.config('RESETSTAT');
      await eventually(async () => /cmdstat_get:[^\n]*failed_calls=[1-9]/.test(await raw.info('commandstats')), {
        what: 'a look at it',
      });
      await raw.set(keys.reply(token), '{"ok":true}');
      assert.deepEqual(await asked, { ok: true });
    } finally {
      wake.dispose();
      await town.close();
      await folder.remove();
    }
  });
});
