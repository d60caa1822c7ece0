/** Bad input of every kind: each is refused with a sentence that says what to do, nothing is lost, and the town goes on. */
import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { Setting } from '../../src/ui/ids.ts';
import { codexPath } from '../support/codexHome.ts';
import { eventually } from '../support/eventually.ts';
import { tempDir } from '../support/tempDir.ts';
import { HostTown, configFile, refused, reopen, run, setSetting, writeConfig } from './town.ts';

describe('bad input', () => {
  let town: HostTown;

  before(async () => {
    town = await HostTown.prepare();
    await run('spawnAgent', 'scout', { nickname: 'Sc' });
    await town.agent('scout', ({ state }) => state === 'idle');
  });
  after(() => town.end());

  const names: [string, string][] = [
    ['empty', ''],
    ['blank', '  '],
    ['taken, in any case', 'SCOUT'],
    ['taken as a nickname', 'sc'],
    ['reserved', 'Supervisor'],
    ['reserved too', 'conductor'],
    ['too long', 'x'.repeat(65)],
    ['with a control character', 'a\u0007b'],
    ['with an escape sequence', 'a\u001b[31mb'],
    ['like an id', '00000000-0000-4000-8000-000000000000'],
  ];
  for (const [what, name] of names) {
    it(`a name that is ${what}`, async () => {
      await refused('nameInvalid', 'spawnAgent', name, { task: 'Nothing' });
      assert.equal((await town.api.listAgents()).length, 1);
    });
  }

  it('an agent that does not exist: the sentence names those that do', async () => {
    for (const command of ['assignTask', 'steer', 'sendMessage', 'interrupt', 'stopAgent', 'togglePersistent']) {
      assert.match(await refused('unknownAgent', command, 'nobody', 'text'), /scout/);
    }
    await refused('unknownAgent', 'sendMessage', 'supervisor', 'me?');
  });

  it('no text', async () => {
    for (const command of ['assignTask', 'steer', 'sendMessage']) {
      await refused('emptyText', command, 'scout', ' \n');
    }
  });

  it('arguments of the wrong kind', async () => {
    await refused('badArguments', 'steer', 7, 'text');
    await refused('badArguments', 'steer', 'scout', 7);
    await refused('badArguments', 'spawnAgent', 'other', { task: 7 });
  });

  it('a Codex that is not there, cannot be run, is none, or is too old', async () => {
    const dir = await tempDir('codex-fakes');
    const fake = async (name: string, text: string, mode: number): Promise<string> => {
      const file = path.join(dir.path, name);
      await writeFile(file, text);
      await chmod(file, mode);
      return file;
    };
    const paths: [string, RegExp][] = [
      [path.join(dir.path, 'none'), /none was not found/],
      [await fake('text', 'hello', 0o644), /not an executable/],
      [await fake('silent', '#!/bin/sh\nexit 3\n', 0o755), /does not seem to be Codex/],
      [await fake('old', '#!/bin/sh\necho codex-cli 0.99.0\n', 0o755), /0\.99\.0/],
    ];
    for (const [file, says] of paths) {
      await setSetting(Setting.codexPath, file);
      assert.match(await refused('programUnusable', 'spawnAgent', 'other'), says);
      await refused('programUnusable', 'retry', 'now');
    }
    assert.equal((await town.api.listAgents()).length, 1);
    await setSetting(Setting.codexPath, codexPath);
    assert.equal(await run('retry', 'now'), 'ready');
    await dir.remove();
  });

  it('a Redis that is lost and comes back: refused while it is away, and nothing that was there is lost', async () => {
    await town.redis.kill();
    const reason = await eventually(() =>
      run('assignTask', 'scout', 'While away').then(
        () => undefined,
        (error: unknown) => (error instanceof Error && 'reason' in error ? error.reason : undefined),
      ),
    );
    assert.equal(reason, 'redisUnavailable');
    await town.redis.restart();
    await eventually(() => run('assignTask', 'scout', 'Back again').then(() => true), {
      interval: 100,
    });
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('Back again'));
    await town.agent('scout', ({ state, task }) => state === 'idle' && task === undefined);
  });

  it('records that others wrote badly: set aside, the rest goes on', async () => {
    await town.redis.cli('HSET', 'tt:workspace:agent:11111111-1111-4111-8111-111111111111', 'name', 'half');
    await town.redis.cli('SET', 'tt:workspace:inbox:22222222-2222-4222-8222-222222222222', 'no list');
    await town.redis.cli('RPUSH', `tt:workspace:inbox:${(await town.api.listAgents())[0]?.id}`, '{"half":');
    await run('sendMessage', 'scout', 'After the bad ones');
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('After the bad ones'));
    await town.agent('scout', ({ state }) => state === 'idle');
    assert.equal((await town.api.listAgents()).length, 1);
  });
});

describe('a town that cannot be opened', () => {
  let town: HostTown;

  before(async () => {
    town = await HostTown.prepare();
  });
  after(() => town.end());

  it('as its tinytown.toml is malformed: opens once that is mended', async () => {
    await writeConfig('name = "mended"\nagent = [[[\n');
    assert.match(await refused('badTownConfig', 'spawnAgent', 'scout'), /^tinytown\.toml, line 3, column 1/);
    await run('openConfig');
    assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, configFile());
    await writeConfig('name = "mended"\n');
    assert.equal(await run('initTown'), 'mended');
  });

  it('as Redis is not there: opens once it is', async () => {
    await writeConfig('name = "mended"\n');
    await town.redis.kill();
    await reopen();
    await refused('redisUnavailable', 'spawnAgent', 'scout');
    await town.redis.restart();
    const id = await run('spawnAgent', 'scout', { task: 'Here at last' });
    assert.ok(id);
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('Here at last'));
    await town.agent('scout', ({ state, task }) => state === 'idle' && task === undefined);
  });
});
