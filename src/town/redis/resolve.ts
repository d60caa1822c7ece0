/** Decides which Redis holds a town. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { TownConfig, TownRedisConfig } from '../config.ts';
import { type RedisTarget, describeTarget, socketUrl } from './address.ts';

export interface ResolveOptions {
  /** The setting `tinytown.redis.url`; empty if it is not set. */
  setting: string;
  /** From the editor's secret storage. Used with the setting's URL. */
  password: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** Undefined if the folder has none or is not trusted. */
  config: TownConfig | undefined;
  /** The town's folder. */
  folder: string;
  /** Where the private servers of this user's towns are kept. */
  storageDir: string;
  /** The user's answer about a server that they did not choose in the settings. */
  answer: (claim: RedisClaim) => 'confirmed' | 'declined' | 'open';
}

/** A Redis that the user did not choose in the editor's settings. It is not used until they confirm it. */
export interface RedisClaim {
  /** The variable may be meant for a project's tests. The file may be written by agents. */
  kind: 'redisVariable' | 'redisAddress';
  /** The address without its password. */
  where: string;
  /** Everything that decides which server it is and what is sent to it. May hold a password. */
  value: string;
}

/**
 * The setting, else `REDIS_URL`, else `tinytown.toml` (its URL, socket, or host and port), else a private server. Servers that
 * the user declined are skipped. An unanswered one is returned as `asks`.
 */
export function resolveRedis(options: ResolveOptions): { target: RedisTarget } | { asks: RedisClaim } {
  const { setting, password, folder, storageDir, answer } = options;
  if (setting.trim() !== '') {
    return { target: { kind: 'url', source: 'setting', url: setting.trim(), password } };
  }
  for (const { claim, target } of claimedServers(options)) {
    const said = answer(claim);
    if (said === 'confirmed') return { target };
    if (said === 'open') return { asks: claim };
  }
  return { target: privateTarget(storageDir, folder) };
}

/** The servers that the environment and the file ask for, in this order. */
export function claimedServers({
  setting,
  env,
  config,
}: Pick<ResolveOptions, 'setting' | 'env' | 'config'>): { claim: RedisClaim; target: RedisTarget & { kind: 'url' } }[] {
  if (setting.trim() !== '') return [];
  const servers = [];
  const url = env.REDIS_URL?.trim() ?? '';
  if (url !== '') {
    const target = { kind: 'url', source: 'environment', url } as const;
    servers.push({ claim: { kind: 'redisVariable', where: describeTarget(target), value: url } as const, target });
  }
  if (config?.redis) {
    const target = fromConfig(config.redis, env);
    const value = JSON.stringify(config.redis);
    servers.push({ claim: { kind: 'redisAddress', where: describeTarget(target), value } as const, target });
  }
  return servers;
}

function fromConfig(redis: TownRedisConfig, env: ResolveOptions['env']): RedisTarget & { kind: 'url' } {
  const source = 'tinytown.toml';
  if (redis.url !== undefined) return { kind: 'url', source, url: redis.url, tls: redis.tlsFiles };
  if (redis.useSocket) return { kind: 'url', source, url: socketUrl(redis.socketPath) };
  const host = redis.host.includes(':') ? `[${redis.host}]` : redis.host;
  const scheme = redis.tls ? 'rediss' : 'redis';
  // `tt` uses this variable to override the file's password.
  const password = env.TINYTOWN_REDIS_PASSWORD ?? redis.password;
  return { kind: 'url', source, url: `${scheme}://${host}:${redis.port}`, password, tls: redis.tlsFiles };
}

/**
 * The private server of one folder. The name is for people; the hash is unique to the folder. `placed` (privatePlace.ts)
 * knows where its data and socket really are.
 * @param folder The real path, without links, in the spelling of the disk.
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
