/** What an open town reports to the doctor. */
import { type RedisHealth, redisHealth } from '../../town/redis/health.ts';
import type { TownRedis } from '../../town/redis/connect.ts';
import type { Town } from '../../town/town.ts';
import type { WakeMode } from '../../town/live/wake.ts';
import type { Said } from '../../util/sentence.ts';
import { TinytownError } from '../../util/errors.ts';
import type { AgentRunner } from '../agentRunner.ts';

/** What went wrong, and the hint of its error. */
export interface Trouble {
  found: Said;
  hint: Said | undefined;
}

export function troubleOf(error: unknown): Trouble {
  if (error instanceof TinytownError) {
    const [found = error.message, hint] = error.sentences;
    return { found, hint };
  }
  return { found: error instanceof Error ? error.message : String(error), hint: undefined };
}

export interface TownExamination {
  redis:
    { ok: true; where: string; health: RedisHealth; wake: WakeMode } | { ok: false; where: string; problem: Trouble };
  agents: ExaminedAgent[];
  unreadable: readonly { key: string; reason: string }[];
}

export interface ExaminedAgent {
  name: string;
  cli: string;
  held: number;
  dead: number;
  /** Messages that it has not taken. */
  waiting: number;
  stoppedFor: 'error' | 'signIn' | undefined;
  /** `gone`: the window that owned it gives no sign of life. */
  owner: 'here' | 'elsewhere' | 'gone' | 'external' | 'none';
  /** The `tt` loop that runs it has given no sign of life for a long time. */
  silent: boolean;
}

/** @throws The trouble that people are told about, or why Redis does not answer */
async function healthOf(redis: TownRedis): Promise<RedisHealth> {
  if (redis.trouble) throw redis.trouble;
  return await redisHealth(redis);
}

/** Never rejects. Facts that could not be read are part of the result. */
export async function examineTown(
  { redis, wake, mirror, leases }: Town,
  runner: AgentRunner,
): Promise<TownExamination> {
  const { where } = redis;
  const health = await healthOf(redis).then(
    (found) => ({ ok: true as const, where, health: found, wake: wake.mode }),
    (error: unknown) => ({ ok: false as const, where, problem: troubleOf(error) }),
  );
  const agents = await Promise.all(
    [...mirror.agents.values()].map(async (record): Promise<ExaminedAgent> => {
      const { id, name, cli, state } = record;
      const view = runner.view(id);
      const { inbox, urgent, held, dead } = mirror.waiting(id);
      const holder = view.owner === 'elsewhere' ? await leases.holder(id).catch(() => 'unknown') : undefined;
      return {
        name,
        cli,
        held,
        dead,
        waiting: inbox + urgent,
        stoppedFor: view.waitsForSignIn ? 'signIn' : state === 'error' ? 'error' : undefined,
        owner: view.owner === 'elsewhere' && holder === undefined ? 'gone' : view.owner,
        silent: view.silentMs !== undefined,
      };
    }),
  );
  return { redis: health, agents, unreadable: mirror.problems };
}
