import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '../../..');

describe('a user without a passwd entry', () => {
  it('has private folders, a place for Redis, and a Codex service', async function () {
    if (process.getuid?.() !== 0) this.skip();
    // Not below this project, whose folders may be closed to others.
    const folder = await mkdtemp(path.join(os.tmpdir(), 'nobody-'));
    // Everything is loaded before the user changes, who may not read this project.
    const program = `
      import { chownSync } from 'node:fs';
      import { homedir, userInfo } from 'node:os';
      import { loneCodex } from './src/loop/loneCodex.ts';
      import { privateTarget } from './src/town/redis/resolve.ts';
      import { findServerProgram } from './src/town/redis/serverProgram.ts';
      import { silentLogger } from './src/util/logger.ts';
      import { ensurePrivateFolder } from './src/util/privateFolder.ts';
      const folder = ${JSON.stringify(folder)};
      chownSync(folder, 54_321, 54_321);
      process.chdir(folder);
      delete process.env.HOME;
      process.setgroups([]);
      process.setgid(54_321);
      process.setuid(54_321);
      const refused = [homedir, userInfo].map((ask) => { try { ask(); return false; } catch { return true; } });
      await ensurePrivateFolder('private');
      const target = privateTarget(folder, folder);
      findServerProgram('/bin/sh', process.env);
      const settings = { codexPath: '', codexEnv: {}, agentClis: {} };
      loneCodex({ storageDir: folder, settings, version: '1', logger: silentLogger });
      console.log(JSON.stringify([refused, target.kind]));`;
    try {
      const hook = path.join(root, 'test/support/luaHook.mjs');
      const args = [`--import=${hook}`, '--input-type=module', '--eval', program];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
      assert.deepEqual(JSON.parse(stdout), [[true, true], 'private']);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
