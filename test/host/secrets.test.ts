/** A password of Redis that a person gives: the editor's secret storage has it, and nothing else. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { SETTINGS_SECTION } from '../../src/ui/ids.ts';
import { HostTown, run, writeConfig } from './town.ts';

const secret = 'geheimes-wort-5519';

describe('a password of Redis', () => {
  let town: HostTown;

  before(async () => {
    town = await HostTown.prepare();
  });

  after(async () => {
    await town.redis.cli('-a', secret, '--no-auth-warning', 'CONFIG', 'SET', 'requirepass', '');
    await town.end();
  });

  it('opens the town, and stands in no setting', async () => {
    await town.redis.cli('CONFIG', 'SET', 'requirepass', secret);
    await writeConfig('name = "kept"\n');
    await assert.rejects(town.api.listAgents(), { reason: 'redisRefused' });
    await run('setRedisPassword', secret);
    assert.deepEqual(await town.api.listAgents(), []);
    const settings = vscode.workspace.getConfiguration();
    assert.ok(JSON.stringify(settings.get(SETTINGS_SECTION)).includes(town.redis.url), 'these are the settings');
    assert.ok(!JSON.stringify(settings).includes(secret));
  });
});
