/** Checks whether a Redis can hold a town: its version, its role, the chosen database, and whether it takes our writes. */
import type { Redis } from 'ioredis';
import { TinytownError } from '../../util/errors.ts';
import { say } from '../../util/sentence.ts';
import { WRITE_PROBE } from '../keys.ts';
import { type RedisError, toRedisError } from './errors.ts';

/** The same as `tt` requires. Older servers drop the error codes of refusals inside scripts. */
const OLDEST_MAJOR = 7;
const PROBE = "return redis.call('SET', KEYS[1], '1', 'PX', 1000)";

export interface CheckedServer {
  clients: readonly Redis[];
  /** One of the clients, for reads and for the probe's write. */
  client: Redis;
  db: number;
  where: string;
}

/**
 * Resolves with why the server takes no writes for now, such as a full memory; undefined if it takes them.
 * @throws TinytownError with a `RedisErrorReason` if the server cannot be used
 */
export async function checkServer({ clients, client, db, where }: CheckedServer): Promise<RedisError | undefined> {
  // ioredis continues with database 0 if the server refuses the number.
  if (db !== 0)
    await Promise.all(clients.map((each) => each.select(db))).catch((error: unknown) => wrongDb(error, db, where));
  const [server, replication] = await Promise.all([told(client, 'server', where), told(client, 'replication', where)]);
  const version = versionProblem(server);
  if (version !== undefined) {
    const text = say('Redis at {0} is version {1}. Tinytown needs Redis 7.0 or newer, or Valkey.', where, version);
    const hint = say(
      'Update it, or choose another one by the setting tinytown.redis.url or tinytown.redis.serverPath.',
    );
    throw new TinytownError('redisTooOld', text, { hint });
  }
  if (isReplica(replication)) throw replicaError(where);
  return await writeProblem(client, where);
}

/** Why the server takes no writes for now. @throws TinytownError if it is a replica, or refuses us */
export async function writeProblem(client: Redis, where: string): Promise<RedisError | undefined> {
  try {
    await client.eval(PROBE, 1, WRITE_PROBE);
    return undefined;
  } catch (error) {
    const failure = toRedisError(error, where);
    if (failure.reason === 'redisNotWriting' && !isReplicaError(failure)) return failure;
    throw failure;
  }
}

/** The version in `INFO server` if it is too old; undefined if it is fine or missing. */
export function versionProblem(info: string): string | undefined {
  // Valkey's first version was 7.2. Its `redis_version` is only for the sake of old clients.
  if (/^valkey_version:/m.test(info)) return undefined;
  const version = /^redis_version:((\d+)\S*)/m.exec(info);
  return version && Number(version[2]) < OLDEST_MAJOR ? version[1] : undefined;
}

/** Whether `INFO replication` is a replica's. Writes to a replica are refused, or lost at the next synchronization. */
export function isReplica(info: string): boolean {
  return /^role:slave/m.test(info);
}

/** The error for a write that a replica would refuse. */
export function replicaError(where: string): RedisError {
  return toRedisError(new Error('READONLY You can’t write against a read only replica'), where);
}

export function isReplicaError({ cause }: RedisError): boolean {
  return cause instanceof Error && cause.message.startsWith('READONLY');
}

/** A section of INFO; empty if the server does not reveal it. */
async function told(client: Redis, section: string, where: string): Promise<string> {
  try {
    return await client.info(section);
  } catch (error) {
    const failure = toRedisError(error, where);
    if (failure.reason === 'redisRefused') return '';
    throw failure;
  }
}

function wrongDb(error: unknown, db: number, where: string): never {
  const failure = toRedisError(error, where);
  if (failure.reason !== 'redisFailed' && failure.reason !== 'redisRefused') throw failure;
  const text = error instanceof Error ? error.message : String(error);
  throw new TinytownError('redisRefused', say('Redis at {0} refused database {1}: {2}', where, db, text), {
    hint: say(
      'Choose a smaller number in the address, or none. Clusters and many hosted servers have only database 0.',
    ),
    cause: error,
  });
}
