import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Redis } from 'ioredis';
import type { RedisTarget } from '../../../src/town/redis/address.ts';
import {
  type LocalServerOptions,
  type PrivateTarget,
  ensureLocalServer,
  stopLocalServer,
} from '../../../src/town/redis/localServer.ts';
import { openTownRedis } from '../../../src/town/redis/open.ts';
import { placed } from '../../../src/town/redis/privatePlace.ts';
import { privateTarget } from '../../../src/town/redis/resolve.ts';
import { TinytownError } from '../../../src/util/errors.ts';
import { folderIdentity } from '../../../src/util/folderIdentity.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { ProcessRegistry } from '../../../src/process/processRegistry.ts';
import { nameOfProcess } from '../../../src/process/processTable.ts';
import { eventually } from '../../support/eventually.ts';
import { tempDir } from '../../support/tempDir.ts';

const commandOf = (pid: number): Promise<string> => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');

describe('a town’s private Redis', () => {
  let temporary: Awaited<ReturnType<typeof tempDir>>;
  let target: RedisTarget & { kind: 'private' };
  let options: LocalServerOptions;
  const children = new Set<ChildProcess>();

  beforeEach(async () => {
    temporary = await tempDir('own');
    target = privateTarget(temporary.path, '/towns/hill');
    const registry = new ProcessRegistry(path.join(temporary.path, 'processes'));
    options = { serverPath: '', env: process.env, registry, logger: silentLogger };
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    children.clear();
    // A test may have left one that was stopped or has lost its socket.
    const pid = await serverPid().catch(() => undefined);
    if (pid !== undefined && (await commandOf(pid)).includes('redis')) process.kill(pid, 'SIGKILL');
    await temporary.remove();
    await rm(path.dirname(target.socketPath), { recursive: true, force: true });
  });

  const inUse = (): string => path.join(target.dir, 'in-use');
  const serverPid = async (): Promise<number> =>
    Number(/"pid":(\d+)/.exec(await readFile(path.join(target.dir, 'server.json'), 'utf8'))?.[1]);
  /** As if the server had been started on another machine. */
  async function elsewhere(): Promise<void> {
    const file = path.join(target.dir, 'server.json');
    const record = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...record, host: 'login1', place: 'another boot' }));
  }
  const servers = async (): Promise<number> => {
    const log = await readFile(path.join(target.dir, 'redis.log'), 'utf8');
    return log.split('Redis is starting').length - 1;
  };
  async function ask<T>(question: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis({ path: target.socketPath, retryStrategy: null, maxRetriesPerRequest: 0 });
    client.on('error', () => undefined);
    try {
      return await question(client);
    } finally {
      client.disconnect();
    }
  }
  async function setting(name: string): Promise<string> {
    return (await ask((client) => client.config('GET', name)))[1] ?? '';
  }
  async function failure(changed: Partial<LocalServerOptions> = {}): Promise<TinytownError> {
    const error: unknown = await ensureLocalServer(target, { ...options, ...changed }).catch((it: unknown) => it);
    assert.ok(error instanceof TinytownError, String(error));
    return error;
  }

  it('is started once, is ours alone, and listens on no port', async () => {
    await ensureLocalServer(target, options);
    const pid = await serverPid();
    await ensureLocalServer(target, options);
    assert.equal(await serverPid(), pid);
    assert.equal((await stat(target.dir)).mode & 0o777, 0o700);
    assert.equal((await stat(path.dirname(target.socketPath))).mode & 0o777, 0o700);
    assert.equal((await stat(target.socketPath)).mode & 0o777, 0o700);
    assert.deepEqual(
      [await setting('port'), await setting('appendonly'), await setting('appendfsync')],
      ['0', 'yes', 'everysec'],
    );
    const flags = await setting('notify-keyspace-events');
    for (const flag of 'Kghl$tx') assert.ok(flags.includes(flag) || flags.includes('A'), flags);
    const [record] = await options.registry.list();
    assert.deepEqual([record?.pid, record?.purpose, record?.detached], [pid, 'redis', true]);
    assert.equal(await options.registry.reap(), 0);
  });

  it('is one, however many windows start it at the same moment', async () => {
    const windows = Array.from({ length: 4 }, () => window(target, temporary.path));
    const inHere = Array.from({ length: 4 }, () => ensureLocalServer(target, options));
    await Promise.all([...windows, ...inHere]);
    assert.equal(await servers(), 1);
  });

  it('outlives the window that started it', async () => {
    await window(target, temporary.path);
    const pid = await serverPid();
    assert.match(await commandOf(pid), /redis/);
    assert.equal(await ask((client) => client.ping()), 'PONG');
  });

  it('has everything again after it was killed, and windows come back by themselves', async () => {
    const redis = await openTownRedis(target, options);
    await redis.write((client) => client.set('kept', 'yes'));
    // Written to its file at the latest after a second.
    await ask((client) => client.call('WAITAOF', 1, 0, 2_000)).catch(
      () => new Promise((done) => setTimeout(done, 1_100)),
    );
    const pid = await serverPid();
    process.kill(pid, 'SIGKILL');
    await eventually(() => redis.state === 'lost');
    await eventually(() => redis.state === 'ready');
    assert.notEqual(await serverPid(), pid);
    assert.equal(await redis.read((client) => client.get('kept')), 'yes');
    redis.close();
  });

  it('is not started again by a window that was closed', async () => {
    const redis = await openTownRedis(target, options);
    redis.close();
    await stopLocalServer(target);
    await stopLocalServer(target);
    assert.equal(await servers(), 1);
    await assert.rejects(ask((client) => client.ping()));
  });

  it('is found again after its socket was deleted', async () => {
    await ensureLocalServer(target, options);
    await ask((client) => client.set('kept', 'yes'));
    const pid = await serverPid();
    await rm(target.socketPath);
    await ensureLocalServer(target, options);
    assert.notEqual(await serverPid(), pid);
    assert.equal(await ask((client) => client.get('kept')), 'yes');
    assert.equal(await commandOf(pid), '');
  });

  it('starts where a lock, a socket and a record were left behind', async () => {
    await mkdir(target.dir, { recursive: true });
    const gone = spawn('true');
    await once(gone, 'exit');
    const { place } = (await nameOfProcess(process.pid)) ?? {};
    await writeFile(path.join(target.dir, 'start.lock'), JSON.stringify({ pid: gone.pid, startTime: 'x', place }));
    await writeFile(
      path.join(target.dir, 'server.json'),
      JSON.stringify({ pid: process.pid, startTime: 'not mine', place }),
    );
    await writeFile(target.socketPath, '');
    await ensureLocalServer(target, options);
    assert.equal(await ask((client) => client.ping()), 'PONG');
  });

  it('waits for the window that is starting it', async () => {
    await mkdir(target.dir, { recursive: true });
    const holder = spawn('sleep', ['60']);
    children.add(holder);
    const lock = path.join(target.dir, 'start.lock');
    await writeFile(lock, JSON.stringify(await nameOfProcess(holder.pid ?? 0)));
    let started = false;
    const starting = ensureLocalServer(target, options).then(() => {
      started = true;
      return started;
    });
    // That nothing happens can only be seen by giving it time.
    await new Promise((done) => setTimeout(done, 200));
    assert.equal(started, false);
    holder.kill('SIGKILL');
    assert.ok(await starting);
  });

  it('says with which command to install what is missing', async () => {
    const error = await failure({ serverPath: '/no/redis-server' });
    assert.equal(error.reason, 'redisMissing');
    assert.match(error.message, /\/no\/redis-server/);
    assert.match(error.hint ?? '', /install/);
  });

  it('is started with a locale that every system knows', async () => {
    const program = path.join(temporary.path, 'redis-server');
    await writeFile(program, '#!/bin/sh\necho "locale $LC_ALL"\nexit 3\n', { mode: 0o755 });
    const error = await failure({ serverPath: program, env: { ...process.env, LC_ALL: 'xx_XX.UTF-8' } });
    assert.match(error.message, /locale C$/);
  });

  it('says what a server that does not start has said', async () => {
    const program = path.join(temporary.path, 'redis-server');
    await writeFile(program, '#!/bin/sh\necho "Fatal: no ink left"\nexit 3\n', { mode: 0o755 });
    const error = await failure({ serverPath: program });
    assert.equal(error.reason, 'redisStartFailed');
    assert.match(error.message, /no ink left/);
    assert.match(error.hint ?? '', /redis\.log/);
    // And the lock is free for the next attempt.
    await ensureLocalServer(target, options);
  });

  it('says that its file is damaged, and leaves it alone', async () => {
    await ensureLocalServer(target, options);
    await ask((client) => client.set('kept', 'yes'));
    await stopLocalServer(target);
    const folder = path.join(target.dir, 'appendonlydir');
    const manifest = path.join(folder, 'appendonly.aof.manifest');
    await writeFile(manifest, 'nonsense\n');
    const error = await failure();
    assert.equal(error.reason, 'redisStartFailed');
    assert.match(error.message, /manifest/i);
    assert.equal(await readFile(manifest, 'utf8'), 'nonsense\n');
  });

  describe('its place', () => {
    let folder: string;
    const sockets = new Set<string>();
    const place = async (at = folder, storage = temporary.path, prepare = true): Promise<PrivateTarget> => {
      const real = (await folderIdentity(at))?.path ?? at;
      const found = await placed(privateTarget(storage, real), at, prepare);
      assert.equal(found.kind, 'private');
      if (path.dirname(found.socketPath) !== found.dir) sockets.add(path.dirname(found.socketPath));
      return found;
    };

    beforeEach(async () => {
      folder = path.join(temporary.path, 'towns', 'hill');
      await mkdir(folder, { recursive: true });
    });
    afterEach(async () => {
      for (const socket of sockets) await rm(socket, { recursive: true, force: true });
      sockets.clear();
    });

    it('is one, however the folder is reached', async () => {
      target = await place();
      await symlink(folder, path.join(temporary.path, 'link'));
      assert.deepEqual(await place(path.join(temporary.path, 'link')), target);
      assert.deepEqual(await place(path.join(folder, '..', 'hill')), target);
      assert.notDeepEqual(await place(temporary.path), target);
    });

    it('goes with a folder that was moved, and not with another one that is in its old place', async () => {
      const before = await place();
      await rename(folder, `${folder}-moved`);
      await mkdir(folder);
      assert.deepEqual(await place(`${folder}-moved`), before);
      const other = await place();
      assert.notEqual(other.dir, before.dir);
      assert.deepEqual([await place(), await place(`${folder}-moved`)], [other, before]);
    });

    it('has a short socket path of a name that nobody can know before, whatever TMPDIR says', async () => {
      const long = path.join(temporary.path, 'long'.repeat(20));
      const { TMPDIR } = process.env;
      const all: PrivateTarget[] = [];
      try {
        for (const TMP of [TMPDIR ?? '/tmp', '/tmp', '/var/tmp']) {
          process.env['TMPDIR'] = TMP;
          all.push(...(await Promise.all([place(folder, long), place(folder, long)])));
        }
      } finally {
        if (TMPDIR === undefined) delete process.env['TMPDIR'];
        else process.env['TMPDIR'] = TMPDIR;
      }
      const [first] = all;
      assert.ok(first);
      for (const one of all) assert.deepEqual(one, first);
      target = first;
      assert.ok(Buffer.byteLength(target.socketPath) < 104);
      assert.doesNotMatch(target.socketPath, /hill/);
      await ensureLocalServer(target, options);
      assert.equal((await stat(path.dirname(target.socketPath))).mode & 0o777, 0o700);
      assert.equal(await ask((client) => client.ping()), 'PONG');
    });

    it('is another one where somebody else has taken the name of the socket’s folder', async function () {
      if (process.getuid?.() !== 0) this.skip();
      const long = path.join(temporary.path, 'long'.repeat(20));
      const before = await place(folder, long);
      await chown(path.dirname(before.socketPath), 65_534, 65_534);
      const after = await place(folder, long);
      assert.notEqual(after.socketPath, before.socketPath);
      assert.deepEqual(await place(folder, long), after);
    });

    it('is not made by whoever only looks', async () => {
      await place(folder, path.join(temporary.path, 'other'), false);
      await assert.rejects(stat(path.join(temporary.path, 'other')));
    });
  });

  describe('on a network drive', () => {
    it('is not started where it runs on another machine', async () => {
      await ensureLocalServer(target, options);
      await elsewhere();
      // Its socket is a file here, and nothing listens.
      await rm(target.socketPath);
      const life = setInterval(() => void utimes(inUse(), new Date(), new Date()), 20);
      try {
        const error = await failure();
        assert.equal(error.reason, 'redisElsewhere');
        assert.match(error.message, /login1/);
        assert.match(error.hint ?? '', /there/);
      } finally {
        clearInterval(life);
      }
      assert.equal(await servers(), 1);
    });

    it('goes on with a copy once the other machine gives no sign of life, whose server writes nowhere any more', async () => {
      await ensureLocalServer(target, options);
      const other = { pid: await serverPid(), client: new Redis({ path: target.socketPath }) };
      try {
        await other.client.set('kept', 'yes');
        await new Promise((done) => setTimeout(done, 1_100));
        await elsewhere();
        await rm(target.socketPath);
        await utimes(inUse(), 0, 0);
        await ensureLocalServer(target, options);
        assert.notEqual(await serverPid(), other.pid);
        assert.equal(await ask((client) => client.get('kept')), 'yes');
        await other.client.set('late', 'yes');
        await stopLocalServer(target);
        await ensureLocalServer(target, options);
        assert.equal(await ask((client) => client.get('late')), null);
      } finally {
        other.client.disconnect();
        process.kill(other.pid, 'SIGKILL');
      }
    });

    it('is ended by its windows once another machine has gone on with its data', async () => {
      const redis = await openTownRedis(target, { ...options, signOfLifeMs: 20 });
      const pid = await serverPid();
      const file = path.join(target.dir, 'server.json');
      const record = JSON.parse(await readFile(file, 'utf8')) as object;
      const there = { host: 'login1', place: 'another boot', appendDir: 'appendonlydir-there', pid: 1 };
      await writeFile(file, JSON.stringify({ ...record, ...there }));
      const life = setInterval(() => void utimes(inUse(), new Date(), new Date()), 20);
      try {
        await eventually(async () => (await commandOf(pid)) === '');
      } finally {
        redis.close();
        clearInterval(life);
      }
    });
  });
});

/** Starts the server from a process of its own, as another window would, and lets that process end. */
async function window(target: RedisTarget & { kind: 'private' }, storage: string): Promise<void> {
  const program = `
    import { ensureLocalServer } from './src/town/redis/localServer.ts';
    import { ProcessRegistry } from './src/process/processRegistry.ts';
    import { silentLogger } from './src/util/logger.ts';
    const registry = new ProcessRegistry(${JSON.stringify(path.join(storage, 'processes'))});
    await ensureLocalServer(${JSON.stringify(target)}, { serverPath: '', env: process.env, registry, logger: silentLogger });
    process.exit(0);
  `;
  const cwd = path.resolve(import.meta.dirname, '../../..');
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = await once(child, 'exit');
  assert.equal(code, 0, said);
}
