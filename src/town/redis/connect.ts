/**
 * The three connections to a town's Redis: one for writes, one for reads that feed screens, one for notifications. They come
 * back by themselves; a command never waits for that and is never repeated behind its caller's back.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';
import { TinytownError } from '../../util/errors.ts';
import { Emitter, type Event } from '../../util/event.ts';
import type { Logger } from '../../util/logger.ts';
import { say } from '../../util/sentence.ts';
import { type RedisTarget, connectionOptions, describeTarget } from './address.ts';
import { type RedisError, isRedisError, toRedisError } from './errors.ts';
import { ScriptRunner } from './script.ts';

export type ConnectionState = 'connecting' | 'ready' | 'lost';

const MINIMUM_VERSION = [6, 2] as const;
const CONNECT_TIMEOUT_MS = 5_000;
const READ_TIMEOUT_MS = 5_000;
const WRITE_TIMEOUT_MS = 10_000;
const LONGEST_BACKOFF_MS = 5_000;
/** How long a write waits for a lost connection, unless its caller knows better. */
const PATIENCE_MS = 5_000;

export class TownRedis {
  readonly commands: Redis;
  readonly reads: Redis;
  /** Runs scripts over `commands`. */
  readonly scripts: ScriptRunner;
  /** Does not subscribe again by itself after a loss: see `onState`. */
  readonly subscriber: Redis;
  /** The address, without its password. */
  readonly where: string;
  /** The number of the database, which stands in the names of notifications. */
  readonly db: number;
  /** Why the connection is lost, as far as that is known. */
  problem: RedisError | undefined;

  private current: ConnectionState = 'connecting';
  private closed = false;
  private readonly states = new Emitter<ConnectionState>();
  private readonly logger: Logger;

  constructor(options: RedisOptions, where: string, logger: Logger) {
    this.where = where;
    this.db = options.db ?? 0;
    this.logger = logger;
    const common: RedisOptions = {
      ...options,
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      enableOfflineQueue: false,
      // Commands without an answer fail at the moment of the loss, not some attempts later.
      maxRetriesPerRequest: 0,
      maxLoadingRetryTime: 500,
      // Nobody who cannot connect at first is let wait: `open` fails.
      retryStrategy: (attempt) => (this.current === 'connecting' || this.closed ? null : backoff(attempt)),
    };
    this.commands = this.client({ ...common, connectionName: 'tinytown', commandTimeout: WRITE_TIMEOUT_MS });
    this.scripts = new ScriptRunner(this.commands);
    this.reads = this.client({ ...common, connectionName: 'tinytown-reads', commandTimeout: READ_TIMEOUT_MS });
    this.subscriber = this.client({ ...common, connectionName: 'tinytown-wake', commandTimeout: READ_TIMEOUT_MS });
  }

  get state(): ConnectionState {
    return this.current;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** Fires when all three connections are ready, and when one of them is lost. */
  get onState(): Event<ConnectionState> {
    return this.states.event;
  }

  /** Runs a read now. @throws TinytownError with a {@link RedisErrorReason}, `redisUnavailable` at once while lost. */
  async read<T>(operation: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await operation(this.reads);
    } catch (error) {
      throw toRedisError(error, this.where);
    }
  }

  /**
   * Runs a write, and again after a loss, as long as patience lasts: so it must be one that may be done twice.
   * @throws TinytownError with a {@link RedisErrorReason}; `redisUnavailable` means that it may or may not have been done.
   */
  async write<T>(operation: (client: Redis) => Promise<T>, { patienceMs = PATIENCE_MS } = {}): Promise<T> {
    return await this.patiently(() => operation(this.commands), patienceMs);
  }

  /** Runs what may be done twice, and again after a loss, for up to `patienceMs`. @throws as {@link write} does */
  async patiently<T>(operation: () => Promise<T>, patienceMs: number): Promise<T> {
    const end = Date.now() + patienceMs;
    for (;;) {
      try {
        return await operation();
      } catch (error) {
        if (error instanceof TinytownError && !isRedisError(error)) throw error;
        const failure = toRedisError(error, this.where);
        if (failure.reason !== 'redisUnavailable' || Date.now() >= end || this.closed) throw failure;
      }
      // The rejection may come just before the event that tells of the loss.
      await pause(10);
      await this.whenReady(end - Date.now());
    }
  }

  /** Resolves with whether the connections are ready, at the latest after `milliseconds`. */
  async whenReady(milliseconds: number): Promise<boolean> {
    if (this.current === 'ready' || this.closed || milliseconds <= 0) return this.current === 'ready';
    const waiting = new AbortController();
    const changed = new Promise<void>((resolve) => {
      const subscription = this.onState(() => {
        subscription.dispose();
        resolve();
      });
      waiting.signal.addEventListener('abort', () => subscription.dispose());
    });
    const start = Date.now();
    await Promise.race([changed, pause(milliseconds, undefined, { signal: waiting.signal }).catch(() => undefined)]);
    waiting.abort();
    return await this.whenReady(milliseconds - (Date.now() - start));
  }

  /** Connects, once. Closes itself where that fails. @throws TinytownError with a {@link RedisErrorReason} */
  async open(): Promise<void> {
    try {
      const clients = [this.commands, this.reads, this.subscriber];
      const results = await Promise.allSettled(clients.map((client) => client.connect()));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw this.problem ?? toRedisError(failed.reason, this.where);
      await this.checkVersion();
      this.problem = undefined;
      this.current = 'ready';
      this.updateState();
    } catch (error) {
      this.close();
      throw toRedisError(error, this.where);
    }
  }

  /** Ends all connections at once; what waits for an answer fails with `redisUnavailable`. */
  close(): void {
    this.closed = true;
    for (const client of [this.commands, this.reads, this.subscriber]) client.disconnect();
    this.current = 'lost';
    this.states.fire('lost');
    this.states.dispose();
  }

  private client(options: RedisOptions): Redis {
    const client = new Redis({ ...options, replyMapping: 'legacy' });
    client.on('error', (error: unknown) => {
      const problem = toRedisError(error, this.where);
      if (problem.message !== this.problem?.message) this.logger.warn(problem.message);
      this.problem = problem;
    });
    client.on('ready', () => this.updateState());
    client.on('close', () => this.updateState());
    return client;
  }

  private updateState(): void {
    if (this.current === 'connecting' || this.closed) return;
    const ready = [this.commands, this.reads, this.subscriber].every((client) => client.status === 'ready');
    const state = ready ? 'ready' : 'lost';
    if (state === this.current) return;
    this.current = state;
    if (ready) {
      this.problem = undefined;
      this.logger.info(`Connected to Redis at ${this.where} again.`);
    } else this.logger.warn(`The connection to Redis at ${this.where} is lost.`);
    this.states.fire(state);
  }

  private async checkVersion(): Promise<void> {
    let info: string;
    try {
      info = await this.reads.info('server');
    } catch (error) {
      const refused = toRedisError(error, this.where);
      if (refused.reason !== 'redisRefused') throw refused;
      this.logger.info(`Redis at ${this.where} does not tell its version: it is taken to be new enough.`);
      return;
    }
    const problem = versionProblem(info);
    if (problem !== undefined) {
      throw new TinytownError(
        'redisTooOld',
        say('Redis at {0} is version {1}; 6.2 or newer is needed.', this.where, problem),
        {
          hint: 'Update it, or clear the setting tinytown.redis.url to let Tinytown start its own.',
        },
      );
    }
  }
}

/** Connects to a town's Redis. @throws TinytownError with a {@link RedisErrorReason} */
export async function openRedis(target: RedisTarget, logger: Logger): Promise<TownRedis> {
  const redis = new TownRedis(await connectionOptions(target), describeTarget(target), logger);
  await redis.open();
  return redis;
}

/** The version that `INFO server` tells, where it is too old; undefined where it will do or is not told. */
export function versionProblem(info: string): string | undefined {
  const version = /^redis_version:(\d+)\.(\d+)\S*/m.exec(info);
  if (!version) return undefined;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const enough = major > MINIMUM_VERSION[0] || (major === MINIMUM_VERSION[0] && minor >= MINIMUM_VERSION[1]);
  return enough ? undefined : version[0].slice('redis_version:'.length);
}

/** 50 ms, doubled up to five seconds, with a fifth of chance so that windows do not come back in step. */
function backoff(attempt: number): number {
  const delay = Math.min(50 * 2 ** (attempt - 1), LONGEST_BACKOFF_MS);
  return delay * (1 + Math.random() / 5);
}
