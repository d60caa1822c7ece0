/**
 * Says that something in the town changed, but not what. One subscription to Redis' own notifications serves the whole town.
 * Somebody else's Redis may have them off, and its configuration is not ours to change. Then it is polled. Others may switch
 * notifications on and off at any time, so that is checked regularly.
 */
import { randomUUID } from 'node:crypto';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { describeError } from '../../util/errors.ts';
import { Emitter } from '../../util/event.ts';
import type { Logger } from '../../util/logger.ts';
import { execAll } from '../records/decodeReplies.ts';
import type { KeyKind, TownKeys } from '../keys.ts';
import { ChangePoll, type PollTimes } from './poll.ts';
import type { TownRedis } from '../redis/connect.ts';
import { toRedisError } from '../redis/errors.ts';

export type WakeMode = 'notifications' | 'poll';

/** `everything`: changes may have been missed while the connection was away. */
export interface Wake {
  kind: KeyKind | 'everything';
  id?: string | undefined;
}

/** Keyspace events for deletions and expiry, lists, hashes, strings and streams. `A` stands for all flags except `K`. */
const neededFlags = ['g', 'l', 'h', '$', 't', 'x'];
const probeEvents = ['set', 'hset', 'rpush', 'xadd', 'del'];
const PROBE_MS = 1_000;
/** All the flags that are needed, for `CONFIG SET`. */
const WANTED_FLAGS = 'Kghl$tx';
const TIMES: WakeTimes = { shortestMs: 250, longestMs: 5_000, scanMs: 5_000, armAgainMs: 2_000, checkMs: 10_000 };

export interface WakeTimes extends PollTimes {
  /** When to subscribe again if Redis is there but did not accept the subscription. */
  armAgainMs: number;
  /** How often to check whether Redis still sends notifications, or sends them again. */
  checkMs: number;
}

export class WakeSource implements Disposable {
  private readonly redis: TownRedis;
  private readonly keys: TownKeys;
  private readonly logger: Logger;
  private readonly changes = new Emitter<Wake>();
  private readonly held = new DisposableStore();
  private readonly poll: ChangePoll;
  private readonly armAgainMs: number;
  private readonly checkMs: number;
  private checks: NodeJS.Timeout | undefined;
  /** Counts connections: only the last one is armed again. */
  private connections = 0;
  private again: NodeJS.Timeout | undefined;
  private readonly pending = new Map<string, Wake>();
  private readonly channelPrefix: string;
  private current: WakeMode = 'notifications';
  private subscribed = false;
  private probe: { prefix: string; missing: Set<string>; seen: () => void } | undefined;
  private disposed = false;

  /** Fires at most once per turn of the event loop for each key. */
  readonly onChange = this.changes.event;

  constructor(redis: TownRedis, keys: TownKeys, logger: Logger, times: Partial<WakeTimes> = {}) {
    this.redis = redis;
    this.keys = keys;
    this.logger = logger;
    this.channelPrefix = `__keyspace@${redis.db}__:`;
    const { armAgainMs, checkMs, ...pollTimes } = { ...TIMES, ...times };
    this.armAgainMs = armAgainMs;
    this.checkMs = checkMs;
    this.poll = new ChangePoll(redis, keys, pollTimes, {
      change: (key) => this.changed(key),
      failure: (error) => this.logger.debug(`Polling failed: ${describeError(error)}`),
    });
  }

  get mode(): WakeMode {
    return this.current;
  }

  /** Resolves when it listens: no later change is missed. @throws TinytownError with a `RedisErrorReason` */
  async start(): Promise<void> {
    const onMessage = (_pattern: string, channel: string, event: string): void => this.notified(channel, event);
    this.redis.subscriber.on('pmessage', onMessage);
    this.held.add({ dispose: () => this.redis.subscriber.off('pmessage', onMessage) });
    this.held.add(this.redis.onState((state) => this.connectionChanged(state === 'ready')));
    await this.arm();
    this.checks = setInterval(() => void this.check(), this.checkMs).unref();
  }

  /** Also reports changes of a key that polling does not cover. Notifications cover every key. */
  watch(key: string): Disposable {
    return this.poll.watch(key);
  }

  dispose(): void {
    this.disposed = true;
    clearTimeout(this.again);
    clearInterval(this.checks);
    this.poll.stop();
    this.held.dispose();
    this.changes.dispose();
  }

  private connectionChanged(ready: boolean): void {
    this.poll.stop();
    clearTimeout(this.again);
    this.connections += 1;
    if (ready) this.armAfterLoss(this.connections);
  }

  private armAfterLoss(connection: number): void {
    this.arm().then(
      () => this.tell({ kind: 'everything' }),
      (error: unknown) => {
        this.logger.warn(`Waiting for changes failed: ${describeError(error)}`);
        if (this.disposed || connection !== this.connections) return;
        this.again = setTimeout(() => this.armAfterLoss(connection), this.armAgainMs);
      },
    );
  }

  private async arm(): Promise<void> {
    await this.use((await this.subscribe()) ?? (await this.silence()));
  }

  /** @param refusal Why there are no notifications; undefined if there are. */
  private async use(refusal: string | undefined): Promise<void> {
    if (this.disposed) return;
    const before = this.current;
    this.current = refusal === undefined ? 'notifications' : 'poll';
    if (refusal === undefined) {
      this.poll.stop();
      if (before === 'poll') this.logger.info(`Redis at ${this.redis.where} sends notifications again.`);
      return;
    }
    this.logger.info(
      `Redis at ${this.redis.where} sends no notifications (${refusal}), so it is polled. To avoid polling, turn them on: CONFIG SET notify-keyspace-events ${WANTED_FLAGS}`,
    );
    await this.poll.start();
  }

  /** Somebody may have switched the notifications off or on. Changes in between were missed. */
  private async check(): Promise<void> {
    if (this.redis.state !== 'ready' || !this.subscribed) return;
    const { connections } = this;
    const silence = await this.silence().catch(() => 'unknown' as const);
    if (silence === 'unknown' || this.disposed || connections !== this.connections) return;
    if ((silence === undefined) === (this.current === 'notifications')) return;
    try {
      await this.use(silence);
    } catch (error) {
      this.logger.debug(`Polling failed: ${describeError(error)}`);
    }
    this.tell({ kind: 'everything' });
  }

  /** Resolves with why there are no notifications, or undefined. */
  private async subscribe(): Promise<string | undefined> {
    this.subscribed = false;
    try {
      await this.redis.subscriber.psubscribe(`${this.channelPrefix}${this.keys.pattern}`);
      this.subscribed = true;
      return undefined;
    } catch (error) {
      const failure = toRedisError(error, this.redis.where);
      if (failure.reason === 'redisUnavailable') throw failure;
      return `subscribing is refused: ${describeError(failure)}`;
    }
  }

  /** Resolves with why Redis sends no notifications, or undefined. Turns them on again on the town's own server. */
  private async silence(): Promise<string | undefined> {
    let flags: string;
    try {
      [, flags = ''] = await this.redis.reads.config('GET', 'notify-keyspace-events');
      if (!sufficient(flags) && this.redis.isOwn) {
        await this.redis.reads.config('SET', 'notify-keyspace-events', WANTED_FLAGS);
        flags = WANTED_FLAGS;
      }
    } catch (error) {
      const failure = toRedisError(error, this.redis.where);
      if (failure.reason === 'redisUnavailable') throw failure;
      // Many hosted servers do not reveal their configuration.
      return (await this.probeNotifications()) ? undefined : 'a test change was not reported';
    }
    return sufficient(flags) ? undefined : `notify-keyspace-events is "${flags}"`;
  }

  /** Makes changes of each kind to keys of its own and checks whether all are reported. */
  private async probeNotifications(): Promise<boolean> {
    const token = randomUUID();
    const keys = ['string', 'hash', 'list', 'stream'].map((part) => this.keys.probe(token, part));
    const [string = '', hash = '', list = '', stream = ''] = keys;
    let timer: NodeJS.Timeout | undefined;
    const told = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), PROBE_MS);
      const missing = new Set(probeEvents);
      this.probe = { prefix: this.keys.probe(token, ''), missing, seen: () => resolve(true) };
    });
    try {
      await execAll(
        this.redis.commands
          .multi()
          .set(string, '1', 'PX', PROBE_MS)
          .hset(hash, 'a', '1')
          .rpush(list, '1')
          .xadd(stream, '*', 'a', '1')
          .del(...keys),
      );
      return await told;
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
      this.probe = undefined;
    }
  }

  private notified(channel: string, event: string): void {
    if (!channel.startsWith(this.channelPrefix)) return;
    const key = channel.slice(this.channelPrefix.length);
    if (this.probe && key.startsWith(this.probe.prefix)) {
      this.probe.missing.delete(event);
      if (this.probe.missing.size === 0) this.probe.seen();
      return;
    }
    // A longer expiry changes nothing.
    if (this.current === 'notifications' && event !== 'expire') this.changed(key);
  }

  private changed(key: string): void {
    const parsed = this.keys.parse(key);
    if (parsed && parsed.kind !== 'other') this.tell(parsed);
  }

  private tell(wake: Wake): void {
    if (this.pending.size === 0) setImmediate(() => this.flush());
    this.pending.set(`${wake.kind}:${wake.id ?? ''}`, wake);
  }

  private flush(): void {
    const wakes = [...this.pending.values()];
    this.pending.clear();
    for (const wake of wakes) this.changes.fire(wake);
  }
}

function sufficient(flags: string): boolean {
  return flags.includes('K') && neededFlags.every((flag) => flags.includes(flag) || flags.includes('A'));
}
