/** An open town: its Redis, its stores, and its live picture. */
import type { Logger } from '../util/logger.ts';
import { AgentStore } from './stores/agents.ts';
import { Control } from './control/control.ts';
import { Delivery } from './stores/delivery.ts';
import { EventLog } from './stores/events.ts';
import { InboxStore } from './stores/inbox.ts';
import { TownKeys } from './keys.ts';
import { Leases } from './stores/leases.ts';
import { MessageSnapshots } from './stores/messageSnapshot.ts';
import { TownMirror } from './live/mirror.ts';
import type { TownRedis } from './redis/connect.ts';
import { SignInNews } from './live/signInNews.ts';
import { TaskEdits } from './stores/taskEdits.ts';
import { TaskStore } from './stores/tasks.ts';
import { WakeSource, type WakeTimes } from './live/wake.ts';

/** In milliseconds. For tests that cannot wait as long as people can. */
export interface TownTimes {
  leaseMs?: number;
  patienceMs?: number;
  wake?: Partial<WakeTimes>;
}

export class Town {
  readonly keys: TownKeys;
  readonly redis: TownRedis;
  readonly agents: AgentStore;
  readonly inbox: InboxStore;
  readonly tasks: TaskStore;
  readonly taskEdits: TaskEdits;
  readonly events: EventLog;
  readonly delivery: Delivery;
  readonly messages: MessageSnapshots;
  readonly wake: WakeSource;
  readonly mirror: TownMirror;
  readonly leases: Leases;
  readonly control: Control;
  readonly signIns: SignInNews;

  private constructor(
    redis: TownRedis,
    keys: TownKeys,
    leases: Leases,
    logger: Logger,
    { patienceMs, wake }: TownTimes,
  ) {
    this.redis = redis;
    this.keys = keys;
    this.agents = new AgentStore(redis, keys);
    this.inbox = new InboxStore(redis, keys);
    this.tasks = new TaskStore(redis, keys);
    this.taskEdits = new TaskEdits(redis, keys);
    this.events = new EventLog(redis, keys);
    this.delivery = new Delivery(redis, keys, patienceMs);
    this.messages = new MessageSnapshots(redis, keys);
    this.wake = new WakeSource(redis, keys, logger, wake);
    this.mirror = new TownMirror(redis, keys, this.wake, logger);
    this.leases = leases;
    this.control = new Control(this.delivery, redis, keys, this.wake);
    this.signIns = new SignInNews(redis, keys, this.wake, logger);
  }

  /** Opens the town `name` on a connected Redis, and reads it. @throws TinytownError with a `RedisErrorReason` */
  static async open(redis: TownRedis, name: string, logger: Logger, times: TownTimes = {}): Promise<Town> {
    const keys = new TownKeys(name);
    const town = new Town(redis, keys, await Leases.create(redis, keys, logger, times.leaseMs), logger, times);
    try {
      await town.wake.start();
      await Promise.all([town.mirror.start(), town.signIns.start()]);
      return town;
    } catch (error) {
      town.close();
      throw error;
    }
  }

  /** Closes the mirror and the connection. */
  close(): void {
    this.leases.dispose();
    this.signIns.dispose();
    this.mirror.dispose();
    this.wake.dispose();
    this.redis.close();
  }
}
