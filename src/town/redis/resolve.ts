/** Decides which Redis holds a town. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { TownConfig, TownRedisConfig } from '../config.ts';
import { type RedisTarget, socketUrl } from './address.ts';

export interface ResolveOptions {
  /** The setting `tinytown.redis.url`; empty where it is not set. */
  setting: string;
  /** From the editor's secret storage; goes with the setting's URL. */
  password: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** Undefined where the folder has none, or is not trusted. */
  config: TownConfig | undefined;
  /** The town's folder. */
  folder: string;
  /** Where the private servers of this user's towns are kept. */
  storageDir: string;
}

/** The setting, else `REDIS_URL`, else `tinytown.toml` (its URL, socket, or host and port), else a private server. */
export function resolveRedis({ setting, password, env, config, folder, storageDir }: ResolveOptions): RedisTarget {
  if (setting.trim() !== '') return { kind: 'url', source: 'setting', url: setting.trim(), password };
  const fromEnv = env.REDIS_URL?.trim() ?? '';
  if (fromEnv !== '') return { kind: 'url', source: 'environment', url: fromEnv };
  if (config?.redis) return fromConfig(config.redis, env);
  return privateTarget(storageDir, folder);
}

function fromConfig(redis: TownRedisConfig, env: ResolveOptions['env']): RedisTarget {
  const source = 'tinytown.toml';
  if (redis.url !== undefined) return { kind: 'url', source, url: redis.url, tls: redis.tlsFiles };
  if (redis.useSocket) return { kind: 'url', source, url: socketUrl(redis.socketPath) };
  const host = redis.host.includes(':') ? `[${redis.host}]` : redis.host;
  const scheme = redis.tls ? 'rediss' : 'redis';
  // The variable with which `tt` overrides the file's password.
  const password = env.TINYTOWN_REDIS_PASSWORD ?? redis.password;
  return { kind: 'url', source, url: `${scheme}://${host}:${redis.port}`, password, tls: redis.tlsFiles };
}

/**
 * The private server of one folder: its name is for people, the hash makes it this folder's own. `placed` (privatePlace.ts)
 * says where its data and socket really are.
 * @param folder Without links, in the spelling of the disk.
 */
export function privateTarget(storageDir: string, folder: string): RedisTarget & { kind: 'private' } {
  const hash = createHash('sha256').update(path.resolve(folder)).digest('hex').slice(0, 12);
  const name = path
    .basename(folder)
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .slice(0, 24);
  const dir = path.join(storageDir, 'redis', `${name}-${hash}`);
  return { kind: 'private', dir, socketPath: path.join(dir, 'redis.sock') };
}
