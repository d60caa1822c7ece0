/**
 * The three connections to a town's Redis: one for writes, one for reads that feed screens, one for notifications. They come
 * back by themselves, also from a server that has gone silent or has become a replica. A command is never repeated behind
 * its caller's back.
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
/** How long a write waits for a lost connection, unless its caller knows better. */
const PATIENCE_MS = 5_000;
/** A read waits so long for a connection that was lost just now. */
const BLINK_MS = 1_000;
/** How long a change that was refused waits before it is tried again. */
const REFUSED_PAUSE_MS = 500;
/** How long a server that cannot be used is left alone. */
const UNUSABLE_PAUSE_MS = 2_000;

/** In milliseconds. */
export interface RedisTimes {
  /** How often each connection must have heard something; otherwise it is asked. */
  pulseMs: number;
  /** How long an answer may take before the connection counts as dead. */
  silenceMs: number;
  /** How long a connection must be lost before people are told. */
  awayMs: number;
}

/** Noticed within two pulses and a silence: 13 s. */
const TIMES: RedisTimes = { pulseMs: 3_500, silenceMs: 6_000, awayMs: 3_000 };

export class TownRedis {
  readonly commands: Redis;
  readonly reads: Redis;
  /** Runs scripts over `commands`. */
  readonly scripts: ScriptRunner;
  /** Does not subscribe again by itself after a loss: see `onState`. */
  readonly subscriber: Redis;
  /** The address, without its password. */
  readonly where: string;
  /** It is the town's private server, so its configuration is ours. */
  readonly isOwn: boolean;
  /** The number of the database, which stands in the names of notifications. */
  readonly db: number;
  /** Why the connection is lost, as far as that is known. */
  problem: RedisError | undefined;

  private current: ConnectionState = 'connecting';
  private closed = false;
  private readonly states = new Emitter<ConnectionState>();
  private readonly logger: Logger;
  private readonly times: RedisTimes;
  private lostAt = Number.NEGATIVE_INFINITY;
  /** Counts losses and returns: the check of a connection that was lost meanwhile says nothing. */
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
      // Commands without an answer fail at the moment of the loss, not some attempts later.
      maxRetriesPerRequest: 0,
      maxLoadingRetryTime: 500,
      // A half-open connection tells nothing of itself.
      socketTimeout: this.times.silenceMs,
      // Nobody who cannot connect at first is let wait: `open` fails.
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

  /** Fires when all three connections can be used, and when one of them is lost. */
  get onState(): Event<ConnectionState> {
    return this.states.event;
  }

  /** What people should know: Redis is away for longer than a moment, or takes no changes. */
  get trouble(): RedisError | undefined {
    return this.told;
  }

  /** Fires when {@link trouble} has changed. */
  get onTrouble(): Event<RedisError | undefined> {
    return this.troubles.event;
  }

  /**
   * Runs a read now; waits a moment for a connection that was lost just now.
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
   * Runs a write, and again after a loss, as long as patience lasts: so it must be one that may be done twice.
   * @param options `waitsForRoom`: waits in the same way for a server that takes no changes, such as a full one.
   * @throws TinytownError with a {@link RedisErrorReason}; `redisUnavailable` means that it may or may not have been done.
   */
  async write<T>(
    operation: (client: Redis) => Promise<T>,
    { patienceMs = PATIENCE_MS, waitsForRoom = false } = {},
  ): Promise<T> {
    return await this.patiently(() => operation(this.commands), patienceMs, waitsForRoom);
  }

  /** Runs what may be done twice, and again after a loss, for up to `patienceMs`. @throws as {@link write} does */
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
      // The rejection may come just before the event that tells of the loss.
      await pause(this.isReady && failure.reason === 'redisNotWriting' ? REFUSED_PAUSE_MS : 10);
      await this.whenReady(end - performance.now());
    }
  }

  /** Tries at once to connect, instead of waiting for the next attempt. @throws TinytownError with a {@link RedisErrorReason} */
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

  /** Connects, once. Closes itself where that fails. */
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

  /** Ends all connections at once; what waits for an answer fails with `redisUnavailable`. */
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
      // The others are as dead, and have not been asked yet. What was silent for so long is no passing matter.
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

  /** All three are connected: they are used if the server can be used as well. */
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

  /** Gives up connections that are of no use. A name may lead to another server next time. */
  private drop(problem: RedisError, toldAfterMs?: number): void {
    this.problem = problem;
    this.unusable = problem.reason !== 'redisUnavailable';
    if (this.told) this.tell(this.unavailable());
    this.lose(toldAfterMs);
    for (const client of this.clients) client.disconnect(true);
  }

  /** The error that `error` means, after what it says of the server was acted upon. */
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

  /** Asks over every connection that has heard nothing since the last time. Without an answer the connection ends. */
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

  /** Sees whether it has become a replica, and whether it takes changes again. */
  private async look(): Promise<void> {
    const { turn, commands, where } = this;
    const info = await commands.info('replication').catch(() => '');
    if (turn !== this.turn || !this.isReady) return;
    if (isReplica(info)) return this.drop(replicaError(where));
    if (!this.told) return;
    const refusal = await writeProblem(commands, where).catch((error: unknown) => toRedisError(error, where));
    if (turn === this.turn && this.isReady) this.tell(refusal);
  }

  /** Says once what is wrong, and once that it is over. */
  private tell(trouble: RedisError | undefined): void {
    if (this.closed || trouble?.message === this.told?.message) return;
    this.told = trouble;
    if (trouble) this.logger.warn(describeError(trouble));
    else this.logger.info(`Redis at ${this.where} is there again.`);
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

/** 50 ms, doubled up to five seconds, with a fifth of chance so that windows do not come back in step. */
function backoff(attempt: number): number {
  const delay = Math.min(50 * 2 ** (attempt - 1), LONGEST_BACKOFF_MS);
  return delay * (1 + Math.random() / 5);
}
