/** A real Redis for one test, on a Unix socket in a private folder. It is gone when the test ends. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { eventually } from './eventually.ts';

export interface TestRedis {
  readonly url: string;
  readonly socketPath: string;
  readonly dir: string;
  readonly pid: number;
  /** A new plain connection. It is closed with the server. */
  client(): Redis;
  /** Runs `redis-cli` with these arguments. Resolves with its output, trimmed. */
  cli(...args: string[]): Promise<string>;
  /** Sends SIGKILL, and resolves when the process has ended. */
  kill(): Promise<void>;
  /** Starts the server again after `kill`, on the same socket and with the saved data. */
  restart(): Promise<void>;
  /** Saves the data as it is now. Resolves with a function that restores it; use that instead of `restart` after `kill`. */
  snapshot(): Promise<() => Promise<void>>;
  /** Ends the server and its clients and deletes the folder. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
let endsWithProcess = false;

/** Notifications are on unless `args` say otherwise: `['--notify-keyspace-events', '']`. */
export async function startTestRedis({ args = [] }: { args?: readonly string[] } = {}): Promise<TestRedis> {
  // The system's temporary folder has a path that is short enough for a socket.
  const dir = await mkdtemp(path.join(tmpdir(), 'tt-redis-'));
  const socketPath = path.join(dir, 'redis.sock');
  const clients = new Set<Redis>();
  let server = await start(dir, socketPath, args);
  let snapshots = 0;
  const test: TestRedis = {
    url: `unix://${socketPath}`,
    socketPath,
    dir,
    get pid() {
      return server.pid ?? 0;
    },
    client() {
      // Commands wait while the server is down.
      const client = new Redis({ path: socketPath, retryStrategy: () => 20, maxRetriesPerRequest: null });
      client.on('error', () => undefined);
      clients.add(client);
      return client;
    },
    async cli(...words) {
      const { stdout } = await promisify(execFile)('redis-cli', ['-s', socketPath, ...words]);
      return stdout.trim();
    },
    async kill() {
      await end(server);
    },
    async restart() {
      server = await start(dir, socketPath, args);
    },
    async snapshot() {
      snapshots += 1;
      const [data, copy] = [path.join(dir, 'appendonlydir'), path.join(dir, `snapshot${snapshots}`)];
      await cp(data, copy, { recursive: true });
      return async () => {
        await rm(data, { recursive: true, force: true });
        await rename(copy, data);
        server = await start(dir, socketPath, args);
      };
    },
    async stop() {
      for (const client of clients) client.disconnect();
      await end(server);
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return test;
}

/** The append-only file is written before each reply but never synced. A kill loses nothing, and a slow disk delays no test. */
async function start(dir: string, socketPath: string, args: readonly string[]): Promise<ChildProcess> {
  const own = ['--port', '0', '--unixsocket', socketPath, '--dir', dir, '--save', '', '--appendonly', 'yes'];
  const server = spawn(
    'redis-server',
    [...own, '--appendfsync', 'no', '--notify-keyspace-events', 'Kghl$tx', ...args],
    {
      stdio: 'ignore',
    },
  );
  running.add(server);
  if (!endsWithProcess) {
    endsWithProcess = true;
    process.once('exit', () => {
      for (const one of running) one.kill('SIGKILL');
    });
  }
  server.once('exit', () => running.delete(server));
  const probe = new Redis({ path: socketPath, lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 });
  probe.on('error', () => undefined);
  try {
    await eventually(async () => {
      if (server.exitCode !== null) throw new Error(`redis-server ended with ${server.exitCode}.`);
      await probe.connect();
      return true;
    });
  } finally {
    probe.disconnect();
  }
  return server;
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGKILL');
  await exited;
}
