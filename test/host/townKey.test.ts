/** The town's key, as a person takes it from one machine to another. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { HostTown, refused, run, writeConfig } from './town.ts';

describe('the key of a town', () => {
  let town: HostTown;
  before(async () => {
    town = await HostTown.prepare();
    await writeConfig('name = "keyed"\n');
  });
  after(() => town.end());

  it('is copied, and replaced by that of another machine', async () => {
    await run('copyTownKey');
    const own = await vscode.env.clipboard.readText();
    assert.match(own, /^[\w-]{43}$/);
    await refused('badTownKey', 'enterTownKey', 'no key');
    const other = randomBytes(32).toString('base64url');
    await run('enterTownKey', other);
    await run('copyTownKey');
    assert.equal(await vscode.env.clipboard.readText(), other);
    await run('enterTownKey', own);
  });
});
