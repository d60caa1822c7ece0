import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { withStartLock } from '../../../src/codex/startLock.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { startTimeOf } from '../../../src/util/processTable.ts';
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

  async function lockHeldBy(pid: number, startTime: string): Promise<void> {
    await writeFile(path.join(folder.path, 'codex-start.lock'), JSON.stringify({ pid, startTime, token: 't' }));
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
    await lockHeldBy(process.pid, 'another time');
    assert.equal(await withStartLock(() => Promise.resolve(1), options()), 1);
    await writeFile(path.join(folder.path, 'codex-start.lock'), '');
    assert.equal(await withStartLock(() => Promise.resolve(2), options()), 2);
  });

  it('does not hold up for ever', async () => {
    await lockHeldBy(process.pid, (await startTimeOf(process.pid)) ?? '');
    assert.equal(await withStartLock(() => Promise.resolve(1), options({ patienceMs: 50 })), 1);
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
