/** What a Redis says about itself, for people who look for a problem. Changes nothing. */
import type { Redis } from 'ioredis';
import type { TownRedis } from './connect.ts';

/** Fields are undefined if Redis does not reveal them. */
export interface RedisHealth {
  version: string | undefined;
  /** Every write is kept in an append-only file. */
  appendOnly: boolean | undefined;
  /** It can write to its disk. */
  writable: boolean | undefined;
  /** Bytes; 0 for no limit. */
  maxMemory: number | undefined;
  maxMemoryPolicy: string | undefined;
  /** The median of several questions and replies. */
  roundTripMs: number;
}

const pings = 9;

/** @throws TinytownError with a `RedisErrorReason` */
export async function redisHealth(redis: TownRedis): Promise<RedisHealth> {
  const roundTripMs = await roundTrip(redis);
  const [server, persistence, memory] = await Promise.all([
    asked(redis, (client) => client.info('server')),
    asked(redis, (client) => client.info('persistence')),
    asked(redis, (client) => client.info('memory')),
  ]);
  const maxMemory = field(memory, 'maxmemory');
  const saved = [field(persistence, 'aof_last_write_status'), field(persistence, 'aof_last_bgrewrite_status')];
  const aof = field(persistence, 'aof_enabled');
  return {
    version: field(server, 'valkey_version') ?? field(server, 'redis_version'),
    appendOnly: aof === undefined ? undefined : aof === '1',
    writable: saved[0] === undefined ? undefined : saved.every((status) => status !== 'err'),
    maxMemory: maxMemory === undefined ? undefined : Number(maxMemory),
    maxMemoryPolicy: field(memory, 'maxmemory_policy'),
    roundTripMs,
  };
}

/** Hosted servers do not reveal all of it. */
function asked(redis: TownRedis, ask: (client: Redis) => Promise<string>): Promise<string> {
  return redis.read(ask).catch(() => '');
}

async function roundTrip(redis: TownRedis): Promise<number> {
  const times: number[] = [];
  for (let ping = 0; ping < pings; ping += 1) {
    const start = performance.now();
    await redis.read((client) => client.ping());
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(pings / 2)] ?? 0;
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}
