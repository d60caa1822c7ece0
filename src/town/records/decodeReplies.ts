/** Decodes the replies of Redis and of our scripts where they arrive. */
import type { Redis } from 'ioredis';
import * as z from 'zod/mini';
import type { Decoded } from './records.ts';
import type { TownRedis } from '../redis/connect.ts';
import { toRedisError } from '../redis/errors.ts';

/** Something unreadable in Redis. It is shown or set aside, never repaired. */
export interface Problem {
  key: string;
  /** One clause, for people. */
  reason: string;
}

const done = z.enum({ no: 0, yes: 1 });

/** A script's 1 or 0. */
export function decodeDone(reply: unknown): boolean {
  return done.parse(reply) === 1;
}

/** A script's reply that is one of `words`. */
export function decodeWord<const W extends string>(words: readonly W[], reply: unknown): W {
  return z.enum(words).parse(reply);
}

/** The hashes at `keys`, in one round trip. Empty for a key that does not exist; a reason for a key that is not a hash. */
export async function readHashes(
  redis: TownRedis,
  keys: readonly string[],
): Promise<Decoded<Record<string, string>>[]> {
  if (keys.length === 0) return [];
  return await redis.read(async (client) => {
    const replies = await pipelined(client, keys, (pipeline, key) => pipeline.hgetall(key));
    return replies.map(([error, reply]) => {
      if (error) return { ok: false, reason: keyProblem(error, redis.where) };
      const hash = z.record(z.string(), z.string()).safeParse(reply);
      return hash.success ? { ok: true, value: hash.data } : { ok: false, reason: 'is not a hash of texts' };
    });
  });
}

/** A script's list; empty for anything else. */
export function replyList(reply: unknown): unknown[] {
  return Array.isArray(reply) ? reply : [];
}

/** A reply as text, whether it was read as a buffer or a string. */
export function replyText(reply: unknown): string {
  return Buffer.isBuffer(reply) ? reply.toString() : String(reply);
}

/** A reply as bytes, whether it was read as a buffer or a string. */
export function replyBuffer(reply: unknown): Buffer {
  return Buffer.isBuffer(reply) ? reply : Buffer.from(typeof reply === 'string' ? reply : '');
}

/** A hash in a script's reply: field, value, field, value… */
export function replyHash(reply: unknown): Record<string, string> {
  const words = replyList(reply).map(replyText);
  const hash: Record<string, string> = {};
  for (let i = 0; i + 1 < words.length; i += 2) hash[words[i] ?? ''] = words[i + 1] ?? '';
  return hash;
}

/** One field of the hash at each of `keys`, in one round trip; undefined if the field or the hash is missing. */
export async function readField(
  redis: TownRedis,
  keys: readonly string[],
  field: string,
): Promise<(string | undefined)[]> {
  return await redis.read(async (client) => {
    const replies = await pipelined(client, keys, (pipeline, key) => pipeline.hget(key, field));
    return replies.map(([, reply]) => (typeof reply === 'string' ? reply : undefined));
  });
}

/** Runs a pipeline or transaction. @throws the first error among its replies */
export async function execAll(commands: Pipeline): Promise<void> {
  for (const [error] of (await commands.exec()) ?? []) if (error) throw error;
}

/** What an error reply says about one key. Errors that concern the whole connection are thrown. */
export function keyProblem(error: Error, where: string): string {
  if (error.message.startsWith('WRONGTYPE')) return 'has the wrong type';
  throw toRedisError(error, where);
}

type Pipeline = ReturnType<Redis['pipeline']>;

async function pipelined(
  client: Redis,
  keys: readonly string[],
  add: (pipeline: Pipeline, key: string) => unknown,
): Promise<[Error | null, unknown][]> {
  const pipeline = client.pipeline();
  for (const key of keys) add(pipeline, key);
  return (await pipeline.exec()) ?? [];
}
