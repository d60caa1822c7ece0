/**
 * The three connections to a town's Redis: one for writes, one for reads that feed screens, one for notifications. They
 * reconnect on their own, even after a server went silent or became a replica. Only `write` and `patiently` repeat
 * commands.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';
import { TinytownError, describeError } from '../../util/errors.ts';
import { Emitter, type Event } from '../../util/event.ts';
import type { Logger } from '../../util/logger.ts';
import { type RedisTarget, connectionOptions, describeTarget } from './address.ts';
import { type RedisError, isPassing, isRedisError, toRedisError } from './errors.ts';
import { ScriptRunner } from './script.ts';
import { checkServer, isReplica, isReplicaError, replicaError, writeProblem } from './serverCheck.ts';

export type ConnectionState = 'connecting' | 'ready' | 'lost';

const CONNECT_TIMEOUT_MS = 5_000;
const READ_TIMEOUT_MS = 5_000;
const WRITE_TIMEOUT_MS = 10_000;
const LONGEST_BACKOFF_MS = 5_000;
/** How long a write waits for a lost connection, unless its caller says otherwise. */
const PATIENCE_MS = 5_000;
/** How long a read waits for a connection that was just lost. */
const BLINK_MS = 1_000;
/** Pause before a refused write is tried again. */
const REFUSED_PAUSE_MS = 500;
/** Pause before an unusable server is tried again. */
const UNUSABLE_PAUSE_MS = 2_000;

/** In milliseconds. */
export interface RedisTimes {
  /** A connection that heard nothing for this long is sent a question. */
  pulseMs: number;
  /** How long a reply may take before the connection counts as dead. */
  silenceMs: number;
  /** How long a connection must be lost before people are told. */
  awayMs: number;
}

/** A loss is noticed within two pulses and a silence: 13 s. */
const TIMES: RedisTimes = { pulseMs: 3_500, silenceMs: 6_000, awayMs: 3_000 };

export class TownRedis {
  readonly commands: Redis;
  readonly reads: Redis;
  /** Runs scripts over `commands`. */
  readonly scripts: ScriptRunner;
  /** Does not resubscribe on its own after a loss: see `onState`. */
  readonly subscriber: Redis;
  /** The address, without its password. */
  readonly where: string;
  /** Whether this is the town's private server. Its configuration is ours. */
  readonly isOwn: boolean;
  /** The number of the database. It is part of the names of notifications. */
  readonly db: number;
  /** Why the connection is lost, if that is known. */
  problem: RedisError | undefined;

  private current: ConnectionState = 'connecting';
  private closed = false;
  private readonly states = new Emitter<ConnectionState>();
  private readonly logger: Logger;
  private readonly times: RedisTimes;
  private lostAt = Number.NEGATIVE_INFINITY;
  /** Counts losses and returns. A check that was overtaken by a loss has no result. */
  private turn = 0;
  private unusable = false;
  private awayTimer: NodeJS.Timeout | undefined;
  private pulseTimer: NodeJS.Timeout | undefined;
  private beats = 0;
  private readonly heard = new Map<Redis, number>();
  private told: RedisError | undefined;
  private readonly troubles = new Emitter<RedisError | undefined>();

  private constructor(target: RedisTarget, options: RedisOptions, logger: Logger, times: Partial<RedisTimes>) {
    this.where = describeTarget(target);
    this.isOwn = target.kind === 'private';
    this.db = options.db ?? 0;
    this.logger = logger;
    this.times = { ...TIMES, ...times };
    const common: RedisOptions = {
      ...options,
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      enableOfflineQueue: false,
      // Commands without a reply fail as soon as the connection is lost, not some attempts later.
      maxRetriesPerRequest: 0,
      maxLoadingRetryTime: 500,
      // A half-open connection reports no error.
      socketTimeout: this.times.silenceMs,
      // If the first connection fails, `open` fails. Nobody waits for a retry.
      retryStrategy: (attempt) => {
        if (this.current === 'connecting' || this.closed) return null;
        return this.unusable ? UNUSABLE_PAUSE_MS * (1 + Math.random() / 5) : backoff(attempt);
      },
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

  /** Fires when all three connections are usable, and when one of them is lost. */
  get onState(): Event<ConnectionState> {
    return this.states.event;
  }

  /** What people should know: Redis has been away for more than a moment, or refuses writes. */
  get trouble(): RedisError | undefined {
    return this.told;
  }

  /** Fires when {@link trouble} changed. */
  get onTrouble(): Event<RedisError | undefined> {
    return this.troubles.event;
  }

  /**
   * Runs a read. Waits a moment if the connection was just lost.
   * @throws TinytownError with a {@link RedisErrorReason}
   */
  async read<T>(operation: (client: Redis) => Promise<T>): Promise<T> {
    if (!(await this.whenReady(this.lostAt + BLINK_MS - performance.now()))) throw this.unavailable();
    try {
      return await operation(this.reads);
    } catch (error) {
      throw this.noticed(error);
    }
  }

  /**
   * Runs a write, and repeats it after a loss until patience runs out. The write must be safe to repeat.
   * @param options `waitsForRoom`: waits in the same way for a server that refuses writes, for example because it is full.
   * @throws TinytownError with a {@link RedisErrorReason}. `redisUnavailable` means that the write may have been done.
   */
  async write<T>(
    operation: (client: Redis) => Promise<T>,
    { patienceMs = PATIENCE_MS, waitsForRoom = false } = {},
  ): Promise<T> {
    return await this.patiently(() => operation(this.commands), patienceMs, waitsForRoom);
  }

  /** Runs a repeatable operation, and repeats it after a loss, for up to `patienceMs`. @throws as {@link write} does */
  async patiently<T>(operation: () => Promise<T>, patienceMs: number, waitsForRoom = false): Promise<T> {
    const end = performance.now() + patienceMs;
    for (;;) {
      let failure: RedisError;
      if (this.isReady) {
        try {
          return await operation();
        } catch (error) {
          if (error instanceof TinytownError && !isRedisError(error)) throw error;
          failure = this.noticed(error);
        }
      } else failure = this.unavailable();
      const waits =
        failure.reason === 'redisUnavailable' ||
        !this.isReady ||
        (waitsForRoom && failure.reason === 'redisNotWriting');
      if (!waits || performance.now() >= end || this.closed) throw failure;
      // The rejection may come just before the event that reports the loss.
      await pause(this.isReady && failure.reason === 'redisNotWriting' ? REFUSED_PAUSE_MS : 10);
      await this.whenReady(end - performance.now());
    }
  }

  /** Connects at once instead of waiting for the next attempt. @throws TinytownError with a {@link RedisErrorReason} */
  async tryNow(): Promise<void> {
    if (!this.isReady) {
      for (const client of this.clients) {
        if (client.status === 'reconnecting') client.connect().catch(() => undefined);
      }
      if (!(await this.whenReady(CONNECT_TIMEOUT_MS))) throw this.unavailable();
    }
    await this.look();
    if (this.told) throw this.told;
  }

  /** Resolves with whether the connections are ready, after `milliseconds` at the latest. */
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
    const start = performance.now();
    await Promise.race([changed, pause(milliseconds, undefined, { signal: waiting.signal }).catch(() => undefined)]);
    waiting.abort();
    return await this.whenReady(milliseconds - (performance.now() - start));
  }

  /** See {@link openRedis}. */
  static async open(target: RedisTarget, logger: Logger, times: Partial<RedisTimes>): Promise<TownRedis> {
    const redis = new TownRedis(target, await connectionOptions(target), logger, times);
    await redis.connect();
    return redis;
  }

  /** Connects once. Closes itself if that fails. */
  private async connect(): Promise<void> {
    try {
      const results = await Promise.allSettled(this.clients.map((client) => client.connect()));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw this.problem ?? toRedisError(failed.reason, this.where);
      const refusal = await this.check();
      this.current = 'ready';
      this.problem = undefined;
      this.tell(refusal);
      this.updateState();
      this.pulseTimer = setInterval(() => this.pulse(), this.times.pulseMs).unref();
    } catch (error) {
      this.close();
      throw toRedisError(error, this.where);
    }
  }

  /** Ends all connections at once. Pending commands fail with `redisUnavailable`. */
  close(): void {
    this.closed = true;
    this.turn += 1;
    clearTimeout(this.awayTimer);
    clearInterval(this.pulseTimer);
    for (const client of this.clients) client.disconnect();
    this.current = 'lost';
    this.states.fire('lost');
    this.states.dispose();
    this.troubles.dispose();
  }

  private get clients(): Redis[] {
    return [this.commands, this.reads, this.subscriber];
  }

  private get isReady(): boolean {
    return this.current === 'ready';
  }

  private client(options: RedisOptions): Redis {
    const client = new Redis({ ...options, replyMapping: 'legacy' });
    client.on('error', (error: unknown) => {
      this.problem = toRedisError(error, this.where);
      this.logger.debug(this.problem.message);
      // The other connections are dead too, but have not been tried yet. After such a long silence, tell people at once.
      if (error instanceof Error && error.message.startsWith('Socket timeout')) this.drop(this.problem, 0);
      else if (this.told && !this.isReady) this.tell(this.unavailable());
    });
    client.on('ready', () => this.updateState());
    client.on('close', () => this.updateState());
    return client;
  }

  private updateState(): void {
    if (this.current === 'connecting' || this.closed) return;
    if (!this.clients.every((client) => client.status === 'ready')) this.lose();
    else if (!this.isReady) void this.comeBack();
  }

  private lose(toldAfterMs = this.times.awayMs): void {
    this.turn += 1;
    if (this.current !== 'ready') return;
    this.current = 'lost';
    this.lostAt = performance.now();
    clearTimeout(this.awayTimer);
    this.awayTimer = setTimeout(() => this.tell(this.unavailable()), toldAfterMs).unref();
    this.logger.debug(`The connection to Redis at ${this.where} is lost.`);
    this.states.fire('lost');
  }

  /** All three are connected. Starts to use them if the server is usable, too. */
  private async comeBack(): Promise<void> {
    this.turn += 1;
    const { turn } = this;
    let refusal: RedisError | undefined;
    try {
      refusal = await this.check();
    } catch (error) {
      if (turn === this.turn) this.drop(toRedisError(error, this.where));
      return;
    }
    if (turn !== this.turn) return;
    this.unusable = false;
    this.current = 'ready';
    this.problem = undefined;
    clearTimeout(this.awayTimer);
    this.logger.debug(`Connected to Redis at ${this.where} again.`);
    this.tell(refusal);
    this.states.fire('ready');
  }

  private check(): Promise<RedisError | undefined> {
    const { clients, commands: client, db, where } = this;
    return checkServer({ clients, client, db, where });
  }

  /** Drops all connections and reconnects. The name may lead to another server next time. */
  private drop(problem: RedisError, toldAfterMs?: number): void {
    this.problem = problem;
    this.unusable = problem.reason !== 'redisUnavailable';
    if (this.told) this.tell(this.unavailable());
    this.lose(toldAfterMs);
    for (const client of this.clients) client.disconnect(true);
  }

  /** The error that `error` means. Acts on what it says about the server first. */
  private noticed(error: unknown): RedisError {
    const failure = toRedisError(error, this.where);
    if (failure.reason !== 'redisNotWriting' || !this.isReady) return failure;
    if (isReplicaError(failure)) this.drop(failure);
    else this.tell(failure);
    return failure;
  }

  private unavailable(): RedisError {
    const problem = this.problem ?? toRedisError(new Error('Connection is closed.'), this.where);
    if (isPassing(problem)) return problem;
    const [message = problem.message, hint] = problem.sentences;
    return new TinytownError('redisUnavailable', message, { cause: problem, ...(hint && { hint }) });
  }

  /** Sends a question over every connection that heard nothing since the last pulse. Without a reply the connection ends. */
  private pulse(): void {
    if (!this.isReady) return;
    this.beats += 1;
    for (const client of this.clients) {
      const { bytesRead } = client.stream;
      const quiet = this.heard.get(client) === bytesRead;
      this.heard.set(client, bytesRead);
      if (quiet) client.ping().catch(() => undefined);
    }
    if (this.beats % 2 === 0 || this.told) this.look().catch(() => undefined);
  }

  /** Checks whether the server has become a replica, and whether it takes writes again. */
  private async look(): Promise<void> {
    const { turn, commands, where } = this;
    const info = await commands.info('replication').catch(() => '');
    if (turn !== this.turn || !this.isReady) return;
    if (isReplica(info)) return this.drop(replicaError(where));
    if (!this.told) return;
    const refusal = await writeProblem(commands, where).catch((error: unknown) => toRedisError(error, where));
    if (turn === this.turn && this.isReady) this.tell(refusal);
  }

  /** Reports a problem once, and its end once. */
  private tell(trouble: RedisError | undefined): void {
    if (this.closed || trouble?.message === this.told?.message) return;
    this.told = trouble;
    if (trouble) this.logger.warn(describeError(trouble));
    else this.logger.info(`Redis at ${this.where} is back.`);
    this.troubles.fire(trouble);
  }
}

/** Connects to a town's Redis. @throws TinytownError with a {@link RedisErrorReason} */
export async function openRedis(
  target: RedisTarget,
  logger: Logger,
  times: Partial<RedisTimes> = {},
): Promise<TownRedis> {
  return await TownRedis.open(target, logger, times);
}

/** 50 ms, doubled up to five seconds, plus up to a fifth at random so that windows do not reconnect in step. */
function backoff(attempt: number): number {
  const delay = Math.min(50 * 2 ** (attempt - 1), LONGEST_BACKOFF_MS);
  return delay * (1 + Math.random() / 5);
}
