/** The last few lines about what an agent did. */
import { oneLine } from '../../util/text.ts';
import { execAll } from './decodeReplies.ts';
import type { TownKeys } from '../keys.ts';
import type { TownRedis } from '../redis/connect.ts';

/** How many lines are kept, and for how many seconds. Same as `tt`. */
export const ACTIVITY_LINES = 10;
export const ACTIVITY_SECONDS = 3600;

export class ActivityLog {
  private readonly redis: TownRedis;
  private readonly keys: TownKeys;

  constructor(redis: TownRedis, keys: TownKeys) {
    this.redis = redis;
    this.keys = keys;
  }

  /** Adds a line. If the reply is lost, the line may be added twice. */
  async push(agentId: string, line: string): Promise<void> {
    const key = this.keys.activity(agentId);
    await this.redis.write((client) =>
      execAll(
        client
          .multi()
          .lpush(key, oneLine(line))
          .ltrim(key, 0, ACTIVITY_LINES - 1)
          .expire(key, ACTIVITY_SECONDS),
      ),
    );
  }

  /** Newest first. */
  async read(agentId: string): Promise<string[]> {
    return await this.redis.read((client) => client.lrange(this.keys.activity(agentId), 0, ACTIVITY_LINES - 1));
  }
}
