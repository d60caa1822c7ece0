/** What a folder and the environment ask for counts only once the user has allowed it, by what they see and press. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { NeedSummary } from '../../src/ui/api.ts';
import { SETTINGS_SECTION, Setting } from '../../src/ui/ids.ts';
import { startTestRedis } from '../support/redis.ts';
import { eventually } from '../support/eventually.ts';
import { HostTown, configFile, folder, refused, reopen, run, setSetting, writeConfig } from './town.ts';

async function setInWorkspace(id: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration(SETTINGS_SECTION).update(id, value, vscode.ConfigurationTarget.Workspace);
}

describe('what a folder asks for', () => {
  let town: HostTown;

  beforeEach(async () => {
    town = await HostTown.prepare();
  });
  afterEach(async () => {
    delete process.env['REDIS_URL'];
    for (const id of [Setting.sandbox, Setting.maxAgents]) await setInWorkspace(id, undefined);
    if (existsSync(configFile())) await run('forgetAllowed').catch(() => undefined);
    await town.end();
  });

  function claim(text: RegExp): Promise<NeedSummary> {
    return eventually(async () => {
      const needs = await town.api.listNeeds();
      const found = needs.find((need) => need.kind === 'claim' && text.test(need.text));
      if (found) return found;
      throw new Error(`Not among ${JSON.stringify(needs)}`);
    });
  }

  it('a wider sandbox in the workspace’s settings is not used, and is asked for', async () => {
    await setSetting(Setting.sandbox, 'read-only');
    await run('initTown', 'hill');
    await setInWorkspace(Setting.sandbox, 'danger-full-access');
    assert.equal((await claim(/^codex.sandbox: danger-full-access/)).waits, true);
    await run('dontAllow', Setting.sandbox);
    assert.equal((await claim(/^codex.sandbox: danger-full-access/)).waits, false);
    await run('allowHere', Setting.sandbox);
    await eventually(async () => (await town.api.listNeeds()).length === 0);
    await setInWorkspace(Setting.sandbox, 'workspace-write');
    assert.equal((await claim(/^codex.sandbox: workspace-write/)).waits, true, 'another value is another question');
  });

  it('a program is not run before it was allowed, by the command on its agent’s row', async () => {
    const trace = path.join(folder(), 'trace.txt');
    await setSetting(Setting.agentClis, { tracer: { command: `sh -c 'cat > /dev/null; echo ran >> "${trace}"'` } });
    await run('initTown', 'hill');
    await run('spawnAgent', 'worker', 'go on', { cli: 'tracer' });
    assert.match((await claim(/^sh -c /)).text, /can do anything you can/);
    assert.equal(existsSync(trace), false);
    await run('allowHere', 'worker');
    await eventually(() => existsSync(trace));
  });

  it('a Redis of the environment, or of tinytown.toml, is not used before it was allowed', async () => {
    await setSetting(Setting.redisUrl, undefined);
    const [ofProject, ofFile] = await Promise.all([startTestRedis(), startTestRedis()]);
    try {
      process.env['REDIS_URL'] = ofProject.url;
      await writeConfig(`name = "hill"\n[redis]\nurl = "${ofFile.url}"\n`);
      await reopen();
      const clients = async (redis: typeof ofFile): Promise<boolean> =>
        (await redis.cli('CLIENT', 'LIST')).includes('name=tinytown');
      assert.match(await refused('redisUnconfirmed', 'broadcast', 'hello'), /REDIS_URL/);
      assert.deepEqual([await clients(ofProject), await clients(ofFile)], [false, false]);
      assert.equal(await run('chooseRedis', 'skip'), 'failed');
      assert.match(await refused('redisUnconfirmed', 'broadcast', 'hello'), /tinytown\.toml/);
      assert.deepEqual([await clients(ofProject), await clients(ofFile)], [false, false]);
      assert.equal(await run('chooseRedis', 'allow'), 'ready');
      assert.deepEqual([await clients(ofProject), await clients(ofFile)], [false, true]);
      assert.equal((await claim(/may be for your project/)).waits, false, 'what was declined stays in sight');
    } finally {
      await writeFile(configFile(), 'name = "hill"\n');
      delete process.env['REDIS_URL'];
      await reopen();
      await Promise.all([ofProject.stop(), ofFile.stop()]);
    }
  });
});
