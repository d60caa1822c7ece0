/** The address of a Redis, in the forms that people write: `redis://`, `rediss://`, `unix://`, or a socket's path. */
import { readFile } from 'node:fs/promises';
import { domainToASCII } from 'node:url';
import type { RedisOptions } from 'ioredis';
import { TinytownError } from '../../util/errors.ts';
import { say } from '../../util/sentence.ts';
import { redactUrl } from './errors.ts';

export interface TlsFiles {
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
}

/** Which Redis holds the town. */
export type RedisTarget =
  | {
      kind: 'url';
      source: 'setting' | 'environment' | 'tinytown.toml';
      url: string;
      /** Overrides one in the URL. */
      password?: string | undefined;
      tls?: TlsFiles | undefined;
    }
  | { kind: 'private'; dir: string; socketPath: string };

/** The target's address without its password. */
export function describeTarget(target: RedisTarget): string {
  return target.kind === 'private' ? `unix://${target.socketPath}` : redactUrl(target.url);
}

/** Whether only processes of this machine can reach it, because it is a socket in the file system. */
export function onThisMachine(target: RedisTarget): boolean {
  return target.kind === 'private' || parseRedisUrl(target.url).path !== undefined;
}

/** The target's address with its password, for the environment of a process. Must not be logged. */
export function redisUrlOf(target: RedisTarget): string {
  if (target.kind === 'private') return socketUrl(target.socketPath);
  const { url, password } = target;
  if (password === undefined || password === '') return url;
  const { path, username, db } = parseRedisUrl(url);
  if (path === undefined) {
    const parsed = new URL(url);
    parsed.password = encodeURIComponent(password);
    return parsed.href;
  }
  const parameters = new URLSearchParams({ ...(username ? { user: username } : {}), pass: password });
  if (db) parameters.set('db', String(db));
  return `${socketUrl(path)}?${parameters.toString()}`;
}

/** The URL of a socket, whatever characters its path has. */
export function socketUrl(path: string): string {
  return `unix://${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}`;
}

/**
 * Reads an address: `redis://user:password@host:port/db`, `rediss://` for TLS, `unix://user:password@/path?db=3`, or a
 * socket's path. Parts are percent-decoded. The user, the password and the database may also be in the query.
 * @throws TinytownError `redisUrlInvalid`
 */
export function parseRedisUrl(url: string): RedisOptions {
  const socket =
    /^(?:unix|redis\+unix):\/\/(?:([^/]*)@)?(\/[^?]*)(?:\?([^]*))?$/i.exec(url) ??
    /^()(\/[^?]*)(?:\?([^]*))?$/.exec(url);
  if (socket) {
    const [, credentials = '', path = '', query] = socket;
    const colon = credentials.indexOf(':');
    const [user, password] =
      colon < 0 ? [credentials, ''] : [credentials.slice(0, colon), credentials.slice(colon + 1)];
    const inQuery = queryOf(query ?? '');
    return {
      path: decoded(path, url),
      db: database(inQuery.db, url),
      ...login(inQuery.user || decoded(user, url), inQuery.password || decoded(password, url)),
    };
  }
  let parsed;
  try {
    parsed = new URL(url);
  } catch {
    throw invalid(url);
  }
  if (!['redis:', 'rediss:', 'valkey:', 'valkeys:'].includes(parsed.protocol) || parsed.hostname === '')
    throw invalid(url);
  // A password with a raw `?` or `#` ends the host early, and the rest would be lost silently.
  if ([...parsed.searchParams.keys(), parsed.hash].some((text) => text.includes('@'))) throw invalid(url);
  const secure = parsed.protocol === 'rediss:' || parsed.protocol === 'valkeys:';
  const inQuery = queryOf(parsed.search);
  return {
    host: hostOf(parsed.hostname, url),
    port: parsed.port === '' ? 6379 : Number(parsed.port),
    db: database(parsed.pathname.replace(/^\//, '') || inQuery.db, url),
    ...login(
      decoded(parsed.username, url) || inQuery.user,
      parsed.password === '' ? inQuery.password : decoded(parsed.password, url),
    ),
    ...(secure ? { tls: {} } : {}),
  };
}

/** `user` and `pass` as `tt` writes them, `username` and `password` as Python does. */
function queryOf(query: string): Record<'user' | 'password' | 'db', string> {
  const parameters = new URLSearchParams(query);
  return {
    user: parameters.get('user') ?? parameters.get('username') ?? '',
    password: parameters.get('pass') ?? parameters.get('password') ?? '',
    db: parameters.get('db') ?? '',
  };
}

/** An IPv6 address loses its brackets. Other names are converted to their DNS form. */
function hostOf(hostname: string, url: string): string {
  const address = /^\[(.*)\]$/.exec(hostname)?.[1];
  if (address !== undefined) return address;
  const name = decoded(hostname, url);
  const host = /^[\x21-\x7e]+$/.test(name) ? name : domainToASCII(name);
  if (host === '') throw invalid(url);
  return host;
}

/** The options of a connection to `target`. @throws TinytownError `redisUrlInvalid` */
export async function connectionOptions(target: RedisTarget): Promise<RedisOptions> {
  if (target.kind === 'private') return { path: target.socketPath, db: 0 };
  const options = parseRedisUrl(target.url);
  if (target.password !== undefined && target.password !== '') options.password = target.password;
  if (options.tls && target.tls) {
    const { ca, cert, key } = target.tls;
    options.tls = {
      ...options.tls,
      ...(ca === undefined ? {} : { ca: await certificate(ca) }),
      ...(cert === undefined ? {} : { cert: await certificate(cert) }),
      ...(key === undefined ? {} : { key: await certificate(key) }),
    };
  }
  return options;
}

async function certificate(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new TinytownError('redisUrlInvalid', say('The file {0}, named in tinytown.toml, cannot be read.', file), {
      cause,
    });
  }
}

function login(username: string, password: string): { username?: string; password?: string } {
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) };
}

function database(text: string, url: string): number {
  if (text === '') return 0;
  if (!/^\d{1,4}$/.test(text)) throw invalid(url);
  return Number(text);
}

function decoded(part: string, url: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid(url);
  }
}

function invalid(url: string): TinytownError<'redisUrlInvalid'> {
  return new TinytownError('redisUrlInvalid', say('“{0}” is not the address of a Redis.', redactUrl(url)), {
    hint: 'Write redis://host:port, rediss://user:password@host:port or unix:///path/to/redis.sock. In a user name or password, write special characters in percent-encoding (%40 for @).',
  });
}
