import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseTownConfig, type TownConfig } from '../../../src/town/config.ts';
import { type RedisTarget, parseRedisUrl, redisUrlOf } from '../../../src/town/redis/address.ts';
import { redactUrl, toRedisError } from '../../../src/town/redis/errors.ts';
import {
  type RedisClaim,
  type ResolveOptions,
  claimedServers,
  privateTarget,
  resolveRedis,
} from '../../../src/town/redis/resolve.ts';
import { findServerProgram, installCommand } from '../../../src/town/redis/serverProgram.ts';
import { tempDir } from '../../support/tempDir.ts';

function config(redis: string): TownConfig {
  const decoded = parseTownConfig(`name = "hill"\n${redis}`, '/towns/hill');
  assert.ok(decoded.ok);
  return decoded.value;
}

describe('the address of a Redis', () => {
  const socket = { path: '/tmp/r.sock', db: 0 };
  const host = { host: 'h', port: 6379, db: 0 };
  const table: [string, ReturnType<typeof parseRedisUrl>][] = [
    ['/tmp/r.sock', socket],
    ['/tmp/r.sock?db=3', { ...socket, db: 3 }],
    ['unix:///tmp/r.sock', socket],
    ['UNIX:///tmp/r.sock', socket],
    ['redis+unix:///tmp/r.sock', socket],
    ['unix:///tmp/a%20b@c.sock', { ...socket, path: '/tmp/a b@c.sock' }],
    ['unix://me:one:two:three@/tmp/r.sock', { ...socket, username: 'me', password: 'one:two:three' }],
    ['unix://:one:two@/tmp/r.sock', { ...socket, password: 'one:two' }],
    ['unix://me@/tmp/r.sock', { ...socket, username: 'me' }],
    ['unix://me:a@b@/tmp/r.sock', { ...socket, username: 'me', password: 'a@b' }],
    ['unix://m%3Ae:p%2F%40%3F@/tmp/r.sock?db=2', { ...socket, username: 'm:e', password: 'p/@?', db: 2 }],
    ['unix:///tmp/r.sock?user=me&pass=a:b%26c', { ...socket, username: 'me', password: 'a:b&c' }],
    ['unix:///tmp/r.sock?username=me&password=a%2Bb', { ...socket, username: 'me', password: 'a+b' }],
    ['redis://h', host],
    ['redis://h/', host],
    ['REDIS://h:7000/5', { ...host, port: 7000, db: 5 }],
    ['redis://h?db=5', { ...host, db: 5 }],
    ['redis://:one:two@h', { ...host, password: 'one:two' }],
    ['redis://me:p%40%2F%3A%25@h', { ...host, username: 'me', password: 'p@/:%' }],
    ['redis://me:a+b@h', { ...host, username: 'me', password: 'a+b' }],
    ['redis://h?user=me&password=geheim', { ...host, username: 'me', password: 'geheim' }],
    ['redis://me:right@h?password=wrong', { ...host, username: 'me', password: 'right' }],
    ['redis://[::1]', { ...host, host: '::1' }],
    ['redis://me:pw@[fe80::1]:7000/1', { host: 'fe80::1', port: 7000, db: 1, username: 'me', password: 'pw' }],
    ['redis://my_redis.example', { ...host, host: 'my_redis.example' }],
    ['redis://bücher.example', { ...host, host: 'xn--bcher-kva.example' }],
    ['rediss://me:pw@h:6380', { ...host, port: 6380, username: 'me', password: 'pw', tls: {} }],
    ['valkeys://h', { ...host, tls: {} }],
  ];
  for (const [url, options] of table) it(url, () => assert.deepEqual(parseRedisUrl(url), options));

  const refused = [
    '',
    'h:6379',
    'http://h',
    'redis://',
    'redis:///3',
    'redis://h/x',
    'redis://h/99999',
    'redis://h:99999',
    'redis://me:100%@h',
    'redis://me:1#x@h',
    'redis://me:1?x@h',
    'unix://host/r.sock',
    'unix:///tmp/%zz.sock',
    'redis://[::1',
  ];
  for (const url of refused) {
    it(`${JSON.stringify(url)} is refused`, () =>
      assert.throws(() => parseRedisUrl(url), { reason: 'redisUrlInvalid' }));
  }
});

describe('the address for another process', () => {
  const source = 'setting';
  const password = 'p@ss w:/?#%';
  const urls = [
    'redis://host:7000/2',
    'rediss://me@host',
    'redis://me:old@[::1]:7000',
    'unix:///tmp/a%20b.sock?db=3',
    'unix://me@/tmp/r.sock',
    'unix://me:old:er@/tmp/r.sock',
    'redis://h?password=old',
    '/tmp/r.sock',
  ];
  for (const url of urls) {
    it(`of ${url} holds the password, and nothing else has changed`, () => {
      const whole = redisUrlOf({ kind: 'url', source, url, password });
      assert.deepEqual(parseRedisUrl(whole), { ...parseRedisUrl(url), password });
      assert.equal(redisUrlOf({ kind: 'url', source, url }), url);
    });
  }

  it('of a private server is its socket’s', () => {
    const url = redisUrlOf({ kind: 'private', dir: '/x', socketPath: '/Application Support/ü.sock' });
    assert.equal(url, 'unix:///Application%20Support/%C3%BC.sock');
    assert.equal(parseRedisUrl(url).path, '/Application Support/ü.sock');
    const odd = '/what?/100%/#1/a@b:c.sock';
    assert.equal(parseRedisUrl(redisUrlOf({ kind: 'private', dir: '/x', socketPath: odd })).path, odd);
  });
});

/** The Redis, where the user has confirmed whatever is asked for. */
function resolved(options: Omit<ResolveOptions, 'answer'>): RedisTarget {
  const found = resolveRedis({ ...options, answer: () => 'confirmed' });
  assert.ok('target' in found);
  return found.target;
}

describe('which Redis holds a town', () => {
  const nothing = {
    setting: '',
    password: undefined,
    env: {},
    config: undefined,
    folder: '/towns/hill',
    storageDir: '/store',
  };
  const full = {
    ...nothing,
    setting: 'redis://set',
    password: 'pw',
    env: { REDIS_URL: 'redis://env' },
    config: config('[redis]\nurl = "redis://toml"'),
  };

  it('the setting’s, with the secret password', () => {
    assert.deepEqual(resolved(full), { kind: 'url', source: 'setting', url: 'redis://set', password: 'pw' });
  });
  it('else the environment’s', () => {
    assert.deepEqual(resolved({ ...full, setting: ' ' }), {
      kind: 'url',
      source: 'environment',
      url: 'redis://env',
    });
  });
  it('else the URL of tinytown.toml', () => {
    const target = resolved({ ...full, setting: '', env: { REDIS_URL: '' } });
    assert.equal(target.kind === 'url' && target.url, 'redis://toml');
  });
  it('else its socket', () => {
    const target = resolved({ ...nothing, config: config('[redis]\nuse_socket = true') });
    assert.equal(target.kind === 'url' && target.url, 'unix:///towns/hill/.tt/redis.sock');
  });
  it('else its host and port, with its password or the variable’s', () => {
    const toml = config('[redis]\nuse_socket = false\nhost = "::1"\nport = 7000\npassword = "a"\ntls_enabled = true');
    const target = resolved({ ...nothing, config: toml });
    assert.ok(target.kind === 'url');
    assert.deepEqual([target.url, target.password], ['rediss://[::1]:7000', 'a']);
    const other = resolved({ ...nothing, config: toml, env: { TINYTOWN_REDIS_PASSWORD: 'b' } });
    assert.equal(other.kind === 'url' && other.password, 'b');
  });
  it('else a private server of the folder’s own', () => {
    const target = resolved({ ...nothing, config: config('') });
    assert.equal(target.kind, 'private');
    assert.deepEqual(target, resolved(nothing));
    assert.notDeepEqual(target, resolved({ ...nothing, folder: '/elsewhere/hill' }));
  });

  describe('where the user has not chosen it in the settings', () => {
    type Answers = Partial<Record<RedisClaim['kind'], 'confirmed' | 'declined'>>;
    const found = (answers: Answers): string => {
      const answer: ResolveOptions['answer'] = ({ kind }) => answers[kind] ?? 'open';
      const result = resolveRedis({ ...full, setting: '', answer });
      if ('asks' in result) return `asks for ${result.asks.where}`;
      return result.target.kind === 'url' ? result.target.url : result.target.kind;
    };
    const rows: [answers: Answers, used: string][] = [
      [{}, 'asks for redis://env'],
      [{ redisAddress: 'confirmed' }, 'asks for redis://env'],
      [{ redisVariable: 'confirmed' }, 'redis://env'],
      [{ redisVariable: 'declined' }, 'asks for redis://toml'],
      [{ redisVariable: 'declined', redisAddress: 'confirmed' }, 'redis://toml'],
      [{ redisVariable: 'declined', redisAddress: 'declined' }, 'private'],
    ];
    for (const [answers, used] of rows)
      it(`${JSON.stringify(answers)}: ${used}`, () => assert.equal(found(answers), used));

    it('a setting needs no word, whatever the folder asks for', () => {
      const result = resolveRedis({ ...full, answer: () => 'open' });
      assert.ok('target' in result && result.target.kind === 'url');
      assert.equal(result.target.url, 'redis://set');
    });

    it('the word goes for all that decides which server it is, and what it is sent', () => {
      const values = [
        '[redis]\nurl = "redis://a"',
        '[redis]\nurl = "rediss://a"',
        '[redis]\nurl = "rediss://a"\ntls_ca_cert = "ca.pem"',
        '[redis]\nuse_socket = false\nhost = "a"',
        '[redis]\nuse_socket = false\nhost = "a"\nport = 1',
        '[redis]\nuse_socket = false\nhost = "a"\nport = 1\npassword = "b"',
        '[redis]\nsocket_path = "/a"',
      ].map((toml) => claimedServers({ setting: '', env: {}, config: config(toml) }).map(({ claim }) => claim.value));
      assert.equal(new Set(values.flat()).size, values.length);
    });

    it('what is shown of it holds no password', () => {
      const env = { REDIS_URL: 'redis://u:hush@host:1/2' };
      const [server] = claimedServers({ setting: '', env, config: undefined });
      assert.ok(server && !server.claim.where.includes('hush'), server?.claim.where);
    });
  });

  it('on a socket whose path is short enough', () => {
    const near = privateTarget('/store', '/towns/hill');
    assert.equal(near.socketPath, path.join(near.dir, 'redis.sock'));
  });
});

describe('the address of a Redis', () => {
  const table: [string, Record<string, unknown>][] = [
    ['redis://h', { host: 'h', port: 6379, db: 0 }],
    ['redis://h:7/2', { host: 'h', port: 7, db: 2 }],
    ['redis://u:p%40@h?db=3', { host: 'h', port: 6379, db: 3, username: 'u', password: 'p@' }],
    ['redis://:p@[::1]:7', { host: '::1', port: 7, db: 0, password: 'p' }],
    ['rediss://h', { host: 'h', port: 6379, db: 0, tls: {} }],
    ['valkeys://h', { host: 'h', port: 6379, db: 0, tls: {} }],
    ['unix:///a/b c.sock', { path: '/a/b c.sock', db: 0 }],
    ['unix:///a%20b.sock?db=1', { path: '/a b.sock', db: 1 }],
    ['unix://u:p@/a.sock', { path: '/a.sock', db: 0, username: 'u', password: 'p' }],
    ['redis+unix:///a.sock?user=u&pass=p', { path: '/a.sock', db: 0, username: 'u', password: 'p' }],
    ['/a.sock', { path: '/a.sock', db: 0 }],
  ];
  for (const [url, options] of table) it(url, () => assert.deepEqual(parseRedisUrl(url), options));

  for (const url of [
    '',
    'h',
    'h:6379',
    'http://h',
    'redis://',
    'redis://h/x',
    'unix://',
    'redis://h:99999',
    'redis://%zz@h',
  ]) {
    it(`is not ${JSON.stringify(url)}`, () => assert.throws(() => parseRedisUrl(url), { reason: 'redisUrlInvalid' }));
  }
});

describe('a password', () => {
  const table: [string, string][] = [
    ['redis://u:geheim@h:1', 'redis://u:****@h:1'],
    ['rediss://:geheim@h/0', 'rediss://:****@h/0'],
    ['redis://h', 'redis://h'],
    ['redis://u@h', 'redis://****@h'],
    ['redis://u:ge@heim@h:port', 'redis://****@h:port'],
    ['redis://u:ge/heim@h', 'redis://****@h'],
    ['unix://u:geheim@/a.sock', 'unix://u:****@/a.sock'],
    ['unix:///a.sock?user=u&pass=geheim&db=1', 'unix:///a.sock?user=u&pass=****&db=1'],
    ['u:geheim@h', '****@h'],
    ['redis//u:geheim@h', '****@h'],
    ['\nredis://u:geheim@h', '****@h'],
  ];
  for (const [url, redacted] of table) it(`is taken out of ${url}`, () => assert.equal(redactUrl(url), redacted));
});

const coded = (code: string) => Object.assign(new Error('x'), { code });

describe('an error of Redis', () => {
  const table: [Error, string][] = [
    [coded('ECONNREFUSED'), 'redisUnavailable'],
    [coded('ENOENT'), 'redisUnavailable'],
    [coded('ENOTFOUND'), 'redisUnavailable'],
    [new Error('Connection is closed.'), 'redisUnavailable'],
    [new Error("Stream isn't writeable and enableOfflineQueue options is false"), 'redisUnavailable'],
    [new Error('Command timed out'), 'redisUnavailable'],
    [new Error('NOAUTH Authentication required.'), 'redisRefused'],
    [new Error('WRONGPASS invalid username-password pair'), 'redisRefused'],
    [new Error("NOPERM this user has no permissions to run the 'get' command"), 'redisRefused'],
    [new Error('READONLY You can’t write against a read only replica.'), 'redisNotWriting'],
    [new Error('MISCONF Redis is configured to save RDB snapshots'), 'redisNotWriting'],
    [
      new Error("OOM command not allowed when used memory > 'maxmemory'. script: 0a, on @user_script:3."),
      'redisNotWriting',
    ],
    [new Error('NOREPLICAS Not enough good replicas to write.'), 'redisNotWriting'],
    [new Error('LOADING Redis is loading the dataset in memory'), 'redisUnavailable'],
    [new Error('BUSY Redis is busy running a script.'), 'redisUnavailable'],
    [new Error('ERR max number of clients reached'), 'redisRefused'],
    [new Error('MOVED 3999 127.0.0.1:6381'), 'redisRefused'],
    [coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'redisRefused'],
    [coded('CERT_HAS_EXPIRED'), 'redisRefused'],
    [coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'redisRefused'],
    [coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'redisRefused'],
    [new Error('WRONGTYPE Operation against a key'), 'redisFailed'],
    [new Error("ERR unknown command 'EVAL', with args beginning with: "), 'redisRefused'],
    [new Error('ERR something else'), 'redisFailed'],
  ];
  for (const [error, reason] of table) {
    it(`${'code' in error ? String(error.code) : error.message} is ${reason}`, () => {
      const it = toRedisError(error, 'redis://h');
      assert.equal(it.reason, reason);
      assert.equal(toRedisError(it, 'elsewhere'), it);
      if (reason !== 'redisFailed') assert.ok(it.hint);
    });
  }
});

describe('the program of a private server', () => {
  it('is the setting’s, else the path’s first', async () => {
    const temporary = await tempDir('path');
    const dir = temporary.path;
    try {
      for (const [folder, name] of [
        ['a', 'valkey-server'],
        ['b', 'redis-server'],
        ['c', 'redis-server'],
      ] as const) {
        await mkdir(path.join(dir, folder));
        await writeFile(path.join(dir, folder, name), '#!/bin/sh\n', { mode: 0o755 });
      }
      const PATH = ['none', 'a', 'b', 'c'].map((name) => path.join(dir, name)).join(path.delimiter);
      assert.equal(findServerProgram('', { PATH }), path.join(dir, 'b/redis-server'));
      assert.equal(findServerProgram(path.join(dir, 'c/redis-server'), { PATH }), path.join(dir, 'c/redis-server'));
      await chmod(path.join(dir, 'c/redis-server'), 0o644);
      for (const setting of [path.join(dir, 'c/redis-server'), path.join(dir, 'a'), '/no/where']) {
        assert.throws(() => findServerProgram(setting, { PATH }), { reason: 'redisMissing' }, setting);
      }
    } finally {
      await temporary.remove();
    }
  });

  const table: [string, string, RegExp][] = [
    ['darwin', '', /^brew install redis$/],
    ['linux', 'NAME="Debian"\nID=debian\n', /^sudo apt-get install -y redis-server$/],
    ['linux', 'ID_LIKE="ubuntu debian"\nID=linuxmint\n', /apt-get/],
    ['linux', 'ID=fedora\n', /^sudo dnf install -y valkey$/],
    ['linux', 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', /^sudo dnf install -y redis$/],
    ['linux', 'ID=arch', /pacman/],
    ['linux', 'ID=alpine', /apk/],
    ['linux', 'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"', /zypper/],
    ['linux', '', /redis\.io/],
    ['win32', '', /tinytown\.redis\.url/],
  ];
  for (const [platform, release, command] of table) {
    it(`is installed on ${platform} ${JSON.stringify(release.slice(0, 20))} by ${command.source}`, () => {
      assert.match(installCommand(platform, release), command);
    });
  }
});
