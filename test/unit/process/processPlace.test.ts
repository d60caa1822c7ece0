import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import path from 'node:path';
import { takeLock } from '../../../src/process/fileLock.ts';
import { ensurePrivateFolder } from '../../../src/util/privateFolder.ts';
import { ProcessRegistry } from '../../../src/process/processRegistry.ts';
import { type ProcessName, hasEnded, isAlive, nameOfProcess } from '../../../src/process/processTable.ts';
import { spawnManaged } from '../../../src/process/processes.ts';
import { jumpClock } from '../../support/wallClock.ts';
import { eventually } from '../../support/eventually.ts';
import { otherPlacesAreAllowed, runInOtherPlace } from '../../support/otherPlace.ts';
import { tempDir } from '../../support/tempDir.ts';

describe('processes of another place', () => {
  let folder: Awaited<ReturnType<typeof tempDir>>;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await tempDir('place');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await folder.remove();
  });

  function inOtherPlace(program: string): ChildProcess {
    const child = runInOtherPlace(program);
    children.push(child);
    return child;
  }

  async function said(program: string): Promise<unknown> {
    const { stdout } = inOtherPlace(program);
    assert.ok(stdout);
    return JSON.parse(await text(stdout));
  }

  it('are neither known to live nor known to have ended', async () => {
    const self = await nameOfProcess(process.pid);
    assert.ok(self?.place);
    assert.deepEqual([await isAlive(self), await hasEnded(self)], [true, false]);
    for (const place of [undefined, '', 'another boot']) {
      for (const pid of [process.pid, 4_194_304]) {
        const name: ProcessName = { ...self, pid, place };
        assert.deepEqual([await isAlive(name), await hasEnded(name)], [false, false], JSON.stringify(name));
      }
    }
    assert.equal(await hasEnded({ ...self, pid: 4_194_304 }), true);
    assert.equal(await hasEnded({ ...self, startTime: 'another time' }), true);
  });

  it('have ended as soon as they are zombies', async () => {
    // The shell does not wait for its child.
    const child = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60']);
    children.push(child);
    const pid = Number(String(await once(child.stdout, 'data')));
    const self = await nameOfProcess(process.pid);
    while ((await nameOfProcess(pid)) !== undefined);
    assert.equal(await hasEnded({ pid, startTime: 'some time', place: self?.place }), true);
  });

  it('are judged in their own PID namespace only', async function () {
    if (!otherPlacesAreAllowed()) this.skip();
    const outside = await nameOfProcess(process.pid);
    assert.ok(outside);
    const name = { ...outside, pid: 4_000_000 };
    assert.equal(await hasEnded(name), true, 'that process is gone');
    const answers = await said(`
      import { hasEnded, isAlive, nameOfProcess } from './src/process/processTable.ts';
      const outside = ${JSON.stringify(name)};
      const self = await nameOfProcess(process.pid);
      console.log(JSON.stringify([self.pid, await isAlive(self), await hasEnded(outside), await isAlive(outside)]));`);
    assert.deepEqual(answers, [1, true, false, false]);
  });

  it('are not reaped by a window of another PID namespace, and keep their records', async function () {
    if (!otherPlacesAreAllowed()) this.skip();
    const storage = path.join(folder.path, 'processes');
    const registry = new ProcessRegistry(storage);
    const options = { cwd: folder.path, env: process.env, purpose: 'test', registry: registry.of('agent') };
    const child = await spawnManaged('sleep', ['60'], options);
    try {
      const ended = await said(`
        import { ProcessRegistry } from './src/process/processRegistry.ts';
        const registry = new ProcessRegistry(${JSON.stringify(storage)});
        console.log(JSON.stringify([await registry.reap(), await registry.endAllOf('agent'), await registry.list()]));`);
      assert.deepEqual(ended, [0, 0, []]);
      assert.deepEqual(
        (await registry.list()).map(({ pid }) => pid),
        [child.pid],
      );
      assert.equal(await registry.endAllOf('agent'), 1);
    } finally {
      await child.stop({ graceMs: 0 });
    }
  });

  it('keep a lock that they hold while they live', async function () {
    if (!otherPlacesAreAllowed()) this.skip();
    const file = path.join(folder.path, 'lock');
    const child = inOtherPlace(`
      import { takeLock } from './src/process/fileLock.ts';
      console.log(String(await takeLock(${JSON.stringify(file)}) !== undefined));
      setInterval(() => {}, 1_000);`);
    assert.ok(child.stdout);
    assert.equal(String(await once(child.stdout, 'data')).trim(), 'true');
    assert.equal(await takeLock(file), undefined);
    assert.equal(await takeLock(file), undefined);
  });
});

describe('a lock whose holder cannot be judged from here', () => {
  const HOUR_MS = 3_600_000;
  const now = Date.now();
  let folder: Awaited<ReturnType<typeof tempDir>>;
  let file: string;

  beforeEach(async () => {
    folder = await tempDir('lock');
    file = path.join(folder.path, 'lock');
    await writeFile(file, JSON.stringify({ pid: 1, startTime: '1', place: 'another place' }));
  });

  afterEach(async () => {
    jumpClock(0);
    await folder.remove();
  });

  it('stays its own while it gives signs of life, though the clock here is an hour ahead', async () => {
    jumpClock(HOUR_MS);
    assert.equal(await takeLock(file), undefined);
    assert.equal(await takeLock(file), undefined);
  });

  it('is free once it has given none for long, though the clock here is an hour behind', async () => {
    const longAgo = new Date(now - 60_000);
    await utimes(file, longAgo, longAgo);
    jumpClock(-HOUR_MS);
    assert.equal(await takeLock(file), undefined);
    const release = await takeLock(file);
    assert.ok(release);
    await release();
    await assert.rejects(stat(file), { code: 'ENOENT' });
  });

  it('shows that it lives by the clock of the drive, though the clock here is an hour behind', async () => {
    await rm(file);
    jumpClock(-HOUR_MS);
    const release = await takeLock(file);
    assert.ok(release);
    const longAgo = new Date(now - HOUR_MS);
    await utimes(file, longAgo, longAgo);
    await eventually(async () => (await stat(file)).mtimeMs > now - HOUR_MS / 2, { what: 'a sign of life' });
    await release();
  });
});

describe('a private folder', () => {
  it('is refused where it belongs to another user', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const folder = await tempDir('private');
    try {
      const theirs = path.join(folder.path, 'theirs');
      await mkdir(theirs, { mode: 0o777 });
      await chown(theirs, 65_534, 65_534);
      await assert.rejects(ensurePrivateFolder(theirs), { reason: 'folderNotPrivate' });
      await rm(theirs, { recursive: true });
      await ensurePrivateFolder(theirs);
    } finally {
      await folder.remove();
    }
  });
});
