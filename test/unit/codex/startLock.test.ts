import assert from 'node:assert/strict';
import { mkdir, readdir, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { withStartLock } from '../../../src/codex/startLock.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { nameOfProcess, type ProcessName } from '../../../src/process/processTable.ts';
import { gate } from '../../support/scriptedModel.ts';
import { tempDir } from '../../support/tempDir.ts';

describe('the start lock', () => {
  let folder: Awaited<ReturnType<typeof tempDir>>;

  beforeEach(async () => {
    folder = await tempDir('lock');
  });

  afterEach(async () => {
    await folder.remove();
  });

  const options = (more = {}) => ({ folder: folder.path, logger: silentLogger, ...more });

  const file = (): string => path.join(folder.path, 'codex-start.lock');

  async function lockHeldBy(change: Partial<ProcessName>): Promise<void> {
    await writeFile(file(), JSON.stringify({ ...(await nameOfProcess(process.pid)), ...change }));
  }

  async function lastSeen(secondsAgo: number): Promise<void> {
    const time = Date.now() / 1_000 - secondsAgo;
    await utimes(file(), time, time);
  }

  it('lets one start at a time, and leaves nothing behind', async () => {
    let running = 0;
    let most = 0;
    const start = (): Promise<void> =>
      withStartLock(async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      }, options());
    await Promise.all(Array.from({ length: 8 }, start));
    assert.equal(most, 1);
    assert.deepEqual(await readdir(folder.path), []);
  });

  it('is let go of by a start that failed', async () => {
    await assert.rejects(
      withStartLock(() => Promise.reject(new Error('no')), options()),
      /no/,
    );
    assert.equal(await withStartLock(() => Promise.resolve(1), options()), 1);
  });

  it('is taken from a process that is gone, or whose id is another’s now', async () => {
    await lockHeldBy({ startTime: 'another time' });
    assert.equal(await withStartLock(() => Promise.resolve(1), options()), 1);
    await writeFile(file(), '');
    await lastSeen(60);
    assert.equal(await withStartLock(() => Promise.resolve(2), options()), 2);
  });

  it('is not taken from a process of another place while it shows signs of life', async () => {
    let waited = 0;
    const logger = { ...silentLogger, warn: () => (waited += 1) };
    // Its id is nobody's here.
    await lockHeldBy({ pid: 4_194_304, place: 'another boot' });
    await withStartLock(() => Promise.resolve(), options({ patienceMs: 50, logger }));
    assert.equal(waited, 1);
    await lastSeen(60);
    // Taken at once, however slow the machine is.
    await withStartLock(() => Promise.resolve(), options({ patienceMs: 60_000, logger }));
    assert.equal(waited, 1);
  });

  it('does not hold up for ever', async () => {
    await lockHeldBy({});
    assert.equal(await withStartLock(() => Promise.resolve(1), options({ patienceMs: 50 })), 1);
  });

  it('uses no folder that somebody else has made a link or a file of', async () => {
    const mine = path.join(folder.path, 'locks');
    await mkdir(path.join(folder.path, 'theirs'));
    await symlink(path.join(folder.path, 'theirs'), mine);
    const start = (): Promise<void> => withStartLock(() => Promise.resolve(), options({ folder: mine }));
    await assert.rejects(start(), { reason: 'folderNotPrivate' });
    await rename(mine, path.join(folder.path, 'link'));
    await writeFile(mine, '');
    await assert.rejects(start(), { reason: 'folderNotPrivate' });
    assert.deepEqual(await readdir(path.join(folder.path, 'theirs')), []);
  });

  it('stops waiting when told to', async () => {
    const held = gate();
    const first = withStartLock(() => held.opened, options());
    const stop = new AbortController();
    const second = withStartLock(() => Promise.resolve(), options({ signal: stop.signal }));
    stop.abort(new Error('stopped'));
    await assert.rejects(second, /stopped/);
    held.open();
    await first;
  });
});
