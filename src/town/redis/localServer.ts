/**
 * A town's private Redis. The first window that needs it starts it, the others join it, and it keeps running when they close.
 * It listens on a Unix socket that only this user can open, never on a network port. An append-only file keeps every write.
 */
import { open, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { TinytownError, whatIsWrong } from '../../util/errors.ts';
import type { Logger } from '../../util/logger.ts';
import { takeLock } from '../../process/fileLock.ts';
import { processPlace } from '../../process/processPlace.ts';
import { ensurePrivateFolder } from '../../util/privateFolder.ts';
import type { ProcessRegistry } from '../../process/processRegistry.ts';
import { type ProcessName, isAlive, nameOfProcess } from '../../process/processTable.ts';
import { type WatchedProcess, spawnDetached } from '../../process/processes.ts';
import { say } from '../../util/sentence.ts';
import type { RedisTarget } from './address.ts';
import { OwnerWatch, readOwner, takeData, writeOwner } from './dataOwner.ts';
import { findServerProgram } from './serverProgram.ts';

export interface LocalServerOptions {
  /** `tinytown.redis.serverPath`; empty if it is not set. */
  serverPath: string;
  env: Readonly<Record<string, string | undefined>>;
  registry: ProcessRegistry;
  logger: Logger;
  /** How often to show that the server is in use, in milliseconds. For tests that cannot wait. */
  signOfLifeMs?: number;
}

export type PrivateTarget = RedisTarget & { kind: 'private' };
/** `loading`: it runs but still reads its file. `gone`: nothing listens. `silent`: something listens but does not reply. */
type Answer = 'ready' | 'loading' | 'gone' | 'silent';

const START_LIMIT_MS = 15_000;
/** Reading a large file may take long. The server keeps saying so. */
const LOADING_LIMIT_MS = 120_000;
const ASK_LIMIT_MS = 1_000;
const ASK_AGAIN_MS = 25;
const LOG_LIMIT_BYTES = 1_000_000;

/**
 * Makes sure that the town's private server runs. Safe in any number of windows at once.
 * @throws TinytownError `redisMissing`, `redisStartFailed`, `redisElsewhere` or `folderNotPrivate`
 */
export async function ensureLocalServer(target: PrivateTarget, options: LocalServerOptions): Promise<void> {
  const { dir, socketPath } = target;
  await ensurePrivateFolder(dir);
  await ensurePrivateFolder(path.dirname(socketPath));
  const watch = new OwnerWatch(dir);
  let start = performance.now();
  for (;;) {
    const answer = await ask(socketPath);
    if (answer === 'ready') {
      if (await isOwner(target)) return;
      // Another place has continued with the data since, so this server's data is outdated.
      await stopLocalServer(target);
      continue;
    }
    if (answer === 'gone' && !(await watch.isFree())) {
      start = performance.now();
      await pause(ASK_AGAIN_MS);
      continue;
    }
    if (performance.now() - start > (answer === 'loading' ? LOADING_LIMIT_MS : START_LIMIT_MS)) {
      const server = await recordedServer(dir);
      throw await failed(target, 0, 'it does not respond', server && `End it with: kill -9 ${server.pid}`);
    }
    const release = answer === 'gone' ? await takeLock(path.join(dir, 'start.lock')) : undefined;
    if (!release) {
      await pause(ASK_AGAIN_MS);
      continue;
    }
    try {
      await startUnderLock(target, options);
    } finally {
      await release();
    }
  }
}

/** Ends the private server, if it runs, after it has written everything to its file. */
export async function stopLocalServer({ dir, socketPath }: PrivateTarget): Promise<void> {
  const client = quietClient(socketPath);
  await client.connect().catch(() => undefined);
  // SHUTDOWN has no reply: the connection ends instead.
  await client.shutdown('NOSAVE').catch(() => undefined);
  client.disconnect();
  const server = await recordedServer(dir);
  if (server) await hasEnded(server);
}

async function startUnderLock(target: PrivateTarget, options: LocalServerOptions): Promise<void> {
  const { dir, socketPath } = target;
  const { logger, registry, env } = options;
  // Another window may have started it meanwhile and released the lock.
  if ((await ask(socketPath)) !== 'gone') return;
  const earlier = await recordedServer(dir);
  if (earlier !== undefined && !(await giveWay(socketPath, earlier))) return;
  const program = findServerProgram(options.serverPath, env);
  const logFile = path.join(dir, 'redis.log');
  const logStart = await logSize(logFile);
  const configFile = path.join(dir, 'redis.conf');
  const appendDir = await takeData(dir);
  // Written before the server replies, because windows end a server that is not the recorded owner.
  const here = { host: hostname(), place: await processPlace(), appendDir };
  await writeOwner(dir, { pid: 0, startTime: '', ...here });
  await writeFile(configFile, serverConfig(target, appendDir), { mode: 0o600 });
  await rm(socketPath, { force: true });
  let server: WatchedProcess;
  try {
    server = await spawnDetached(program, [configFile], {
      cwd: dir,
      // Newer servers refuse to start if the locale is unknown.
      env: { ...env, LC_ALL: 'C' },
      purpose: 'redis',
      registry,
      logFile,
    });
  } catch (cause) {
    throw new TinytownError('redisStartFailed', say('Redis could not be started: {0}', whatIsWrong(cause)), { cause });
  }
  const { startTime = '' } = (await nameOfProcess(server.pid)) ?? {};
  await writeOwner(dir, { pid: server.pid, startTime, ...here });
  await untilReady(target, server, logStart);
  logger.info(`Started ${program} for this town on ${socketPath}.`);
}

async function untilReady(target: PrivateTarget, server: WatchedProcess, logStart: number): Promise<void> {
  const exit = server.exited.then(() => 'ended' as const);
  const start = performance.now();
  for (;;) {
    const answer = await ask(target.socketPath);
    if (answer === 'ready') return;
    if (performance.now() - start > (answer === 'loading' ? LOADING_LIMIT_MS : START_LIMIT_MS)) {
      await server.stop();
      throw await failed(target, logStart, 'it does not get ready');
    }
    if ((await Promise.race([exit, pause(ASK_AGAIN_MS)])) === 'ended') {
      throw await failed(target, logStart, 'it ended at once');
    }
  }
}

/**
 * A recorded server runs, but nothing listens. Either it is about to listen, or its socket was deleted and nobody can reach it.
 * Resolves with whether it has ended, so that another may be started.
 */
async function giveWay(socketPath: string, server: ProcessName): Promise<boolean> {
  const end = performance.now() + ASK_LIMIT_MS;
  while (performance.now() < end && (await isAlive(server))) {
    if ((await ask(socketPath)) !== 'gone') return false;
    await pause(ASK_AGAIN_MS);
  }
  if (await isAlive(server)) process.kill(server.pid, 'SIGTERM');
  return await hasEnded(server);
}

function serverConfig({ dir, socketPath }: PrivateTarget, appendDir: string): string {
  return [
    '# Written by Tinytown at each start of this server.',
    'port 0',
    `unixsocket ${JSON.stringify(socketPath)}`,
    'unixsocketperm 700',
    `dir ${JSON.stringify(dir)}`,
    'daemonize no',
    'appendonly yes',
    `appenddirname ${JSON.stringify(appendDir)}`,
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    'notify-keyspace-events Kghl$tx',
    '',
  ].join('\n');
}

/** Whether the server that replies is the one that owns the town's data. */
async function isOwner({ dir, socketPath }: PrivateTarget): Promise<boolean> {
  const owner = await readOwner(dir);
  const client = quietClient(socketPath);
  try {
    await client.connect();
    const answer: unknown = await client.config('GET', 'appenddirname');
    const appendDir: unknown = Array.isArray(answer) ? answer[1] : undefined;
    return owner === undefined || owner.appendDir === appendDir;
  } finally {
    client.disconnect();
  }
}

async function ask(socketPath: string): Promise<Answer> {
  const client = quietClient(socketPath);
  try {
    await client.connect();
    await client.ping();
    return 'ready';
  } catch (error) {
    const text = error instanceof Error ? error.message : '';
    if (text.startsWith('LOADING')) return 'loading';
    return text === 'Command timed out' ? 'silent' : 'gone';
  } finally {
    client.disconnect();
  }
}

function quietClient(socketPath: string): Redis {
  const client = new Redis({
    path: socketPath,
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    connectTimeout: ASK_LIMIT_MS,
    commandTimeout: ASK_LIMIT_MS,
    protocol: 2,
  });
  client.on('error', () => undefined);
  return client;
}

/** The last server that was started, if it is known to run. */
async function recordedServer(dir: string): Promise<ProcessName | undefined> {
  const owner = await readOwner(dir);
  return owner && (await isAlive(owner)) ? owner : undefined;
}

/** Resolves with whether it ends in time. */
async function hasEnded(server: ProcessName): Promise<boolean> {
  const end = performance.now() + START_LIMIT_MS;
  while (await isAlive(server)) {
    if (performance.now() > end) return false;
    await pause(ASK_AGAIN_MS);
  }
  return true;
}

/** The log's length before a start. A long log is started over. */
async function logSize(file: string): Promise<number> {
  const size = (await stat(file).catch(() => undefined))?.size ?? 0;
  if (size <= LOG_LIMIT_BYTES) return size;
  await rm(file, { force: true });
  return 0;
}

async function failed(
  target: PrivateTarget,
  logStart: number,
  why: string,
  advice?: string,
): Promise<TinytownError<'redisStartFailed'>> {
  const logFile = path.join(target.dir, 'redis.log');
  const tail = await logTail(logFile, logStart);
  const message =
    tail === ''
      ? say('The town’s Redis cannot be used: {0}.', why)
      : say('The town’s Redis cannot be used: {0}. Its log ends with: {1}', why, tail);
  return new TinytownError('redisStartFailed', message, { hint: advice ?? say('See {0}.', logFile) });
}

/** The last lines that the server wrote since this start. */
async function logTail(file: string, from: number): Promise<string> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const start = Math.max(from, size - 2_000);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(2_000), 0, 2_000, start);
      return buffer.toString('utf8', 0, bytesRead).trim().split('\n').slice(-6).join('\n');
    } finally {
      await handle.close();
    }
  } catch {
    return '';
  }
}
