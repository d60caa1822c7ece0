/**
 * Tells the other windows of the town that somebody signed in to Codex (`tt:{town}:signin`, a new token each time). It does not
 * say who, or to which account. Each window asks its own Codex whether that helps.
 */
import { randomUUID } from 'node:crypto';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { describeError } from '../../util/errors.ts';
import { Emitter } from '../../util/event.ts';
import type { Logger } from '../../util/logger.ts';
import { SerialQueue } from '../../util/serialQueue.ts';
import type { TownKeys } from '../keys.ts';
import type { TownRedis } from '../redis/connect.ts';
import type { WakeSource } from './wake.ts';

/**
 * At most one piece of news is passed on in this time, in milliseconds. Agents get new processes for it, and every client of
 * the Redis can write it.
 */
const EVERY_MS = 30_000;

export class SignInNews implements Disposable {
  private readonly redis: TownRedis;
  private readonly key: string;
  private readonly wake: WakeSource;
  private readonly logger: Logger;
  private readonly everyMs: number;
  private readonly held = new DisposableStore();
  private readonly news = new Emitter<void>();
  /** Another window has signed in since this one started to listen. Fires for sign-ins during a lost connection, too. */
  readonly onNews = this.news.event;
  private readonly queue = new SerialQueue();
  private last: string | null = null;
  /** By `performance.now()`. */
  private quietUntil = 0;
  private later: NodeJS.Timeout | undefined;

  /** @param everyMs The shortest time between two pieces of news, in milliseconds. */
  constructor(redis: TownRedis, { signIn }: TownKeys, wake: WakeSource, logger: Logger, everyMs = EVERY_MS) {
    this.redis = redis;
    this.key = signIn;
    this.wake = wake;
    this.logger = logger;
    this.everyMs = everyMs;
  }

  /** Resolves when it listens: no later sign-in is missed. @throws TinytownError with a `RedisErrorReason` */
  async start(): Promise<void> {
    this.held.add(this.wake.watch(this.key));
    this.held.add(
      this.wake.onChange(({ kind }) => {
        if (kind === 'signIn' || kind === 'everything') void this.queue.run(() => this.look());
      }),
    );
    await this.queue.run(async () => {
      this.last = await this.read();
    });
  }

  /** Tells the other windows. If Redis stays away, they are not told and the log says so. Never rejects. */
  async tell(): Promise<void> {
    const token = randomUUID();
    this.last = token;
    await this.redis
      .write((client) => client.set(this.key, token))
      .catch((error: unknown) =>
        this.logger.warn(`Other windows could not be told about the sign-in: ${describeError(error)}`),
      );
  }

  dispose(): void {
    clearTimeout(this.later);
    this.held.dispose();
    this.news.dispose();
  }

  private async look(): Promise<void> {
    try {
      const token = await this.read();
      if (token === null || token === this.last) return;
      const early = this.quietUntil - performance.now();
      if (early > 0) return this.lookIn(early);
      this.quietUntil = performance.now() + this.everyMs;
      this.last = token;
      this.news.fire();
    } catch (error) {
      this.logger.debug(`Could not check for a sign-in in other windows: ${describeError(error)}`);
    }
  }

  private lookIn(milliseconds: number): void {
    clearTimeout(this.later);
    this.later = setTimeout(() => void this.queue.run(() => this.look()), milliseconds + 1).unref();
  }

  private read(): Promise<string | null> {
    return this.redis.read((client) => client.get(this.key));
  }
}
