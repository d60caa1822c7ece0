/** A window asks an agent's owner for something, while another client writes to the keys that they use. */
import assert from 'node:assert/strict';
import { AgentStore } from '../../../src/town/stores/agents.ts';
import { Control, replyPlan } from '../../../src/town/control/control.ts';
import { type ControlRequest, Delivery } from '../../../src/town/stores/delivery.ts';
import { TownKey } from '../../../src/town/control/townKey.ts';
import { WakeSource } from '../../../src/town/live/wake.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { eventually } from '../../support/eventually.ts';
import { openTestTown, testAgent } from '../../support/redisTown.ts';
import { tempDir } from '../../support/tempDir.ts';

const request = (reply: string): ControlRequest => ({ entry: '', action: 'restart', fields: { reply } });

describe('a command for an owner', () => {
  it('waits for its proven answer where somebody has made something else of the epoch, and answers in the owner’s place', async () => {
    const town = await openTestTown();
    const folder = await tempDir('keys');
    const { redis, keys } = town;
    const raw = town.server.client();
    const agent = testAgent('anna');
    const { id } = agent;
    const wake = new WakeSource(redis, keys, silentLogger);
    try {
      await new AgentStore(redis, keys).create(agent);
      const key = new TownKey(folder.path, keys.town);
      const control = new Control(new Delivery(redis, keys), redis, keys, wake);
      await raw.rpush(keys.epoch(id), 'x');
      const asked = control.ask(id, { action: 'restart' }, key, 30_000);
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
      // Another client says in the owner's place that it was done, also with the proof of another answer.
      const another = await replyPlan({ keys, agentId: id }, request('another'), { ok: true }, key);
      const proven = String(another?.commands[0]?.[2]);
      for (const forged of ['{"ok":true}', '{"answer":"{\\"ok\\":true}"}', proven]) {
        await raw.set(keys.reply(token), forged);
        await raw.config('RESETSTAT');
        await eventually(async () => /cmdstat_get:calls=[2-9]/.test(await raw.info('commandstats')), {
          what: 'two looks at it',
        });
      }
      const failed = { ok: false, reason: 'wrongState', message: 'It has ended.' } as const;
      const plan = await replyPlan({ keys, agentId: id }, request(token), failed, key);
      assert.ok(plan);
      await new Delivery(redis, keys).apply(plan);
      assert.deepEqual(await asked, failed);
    } finally {
      wake.dispose();
      await town.close();
      await folder.remove();
    }
  });
});
