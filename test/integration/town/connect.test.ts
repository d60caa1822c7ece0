import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { rm } from 'node:fs/promises';
import { TinytownError } from '../../../src/util/errors.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import type { RedisTarget } from '../../../src/town/redis/address.ts';
import { type TownRedis, openRedis } from '../../../src/town/redis/connect.ts';
import { versionProblem } from '../../../src/town/redis/serverCheck.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/freePort.ts';
import { type TestRedis, startTestRedis } from '../../support/redis.ts';

function at(url: string, password?: string): RedisTarget {
  return { kind: 'url', source: 'setting', url, password };
}

async function refusal(target: RedisTarget): Promise<TinytownError> {
  const error: unknown = await openRedis(target, silentLogger).then(
    (redis) => redis.close(),
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof TinytownError, String(error));
  return error;
}

describe('the connection to Redis', () => {
  let server: TestRedis;
  let redis: TownRedis | undefined;
  beforeEach(async () => {
    server = await startTestRedis();
  });
  afterEach(async () => {
    redis?.close();
    redis = undefined;
    await server.stop();
  });

  it('opens three connections and tells that it is ready', async () => {
    redis = await openRedis(at(server.url), silentLogger);
    assert.equal(redis.state, 'ready');
    await redis.write((client) => client.set('a', '1'));
    assert.equal(await redis.read((client) => client.get('a')), '1');
    const names = await server.cli('CLIENT', 'LIST');
    for (const name of ['tinytown', 'tinytown-reads', 'tinytown-wake'])
      assert.match(names, new RegExp(`name=${name} `));
  });

  it('chooses the database that the address names', async () => {
    redis = await openRedis(at(`${server.url}?db=3`), silentLogger);
    assert.equal(redis.db, 3);
    await redis.write((client) => client.set('where', 'here'));
    assert.equal(await server.cli('-n', '3', 'GET', 'where'), 'here');
  });

  it('notices a killed server, fails reads at once, and comes back with writes that waited', async () => {
    const live = await openRedis(at(server.url), silentLogger);
    redis = live;
    const states: string[] = [];
    live.onState((state) => states.push(state));
    await server.kill();
    await eventually(() => live.state === 'lost');
    const start = Date.now();
    await assert.rejects(
      live.read((client) => client.get('a')),
      { reason: 'redisUnavailable' },
    );
    // Not only when a read's time is up, which is after five seconds.
    assert.ok(Date.now() - start < 4_000);
    const written = live.write((client) => client.set('late', 'yes'));
    await server.restart();
    assert.equal(await written, 'OK');
    assert.deepEqual(states, ['lost', 'ready']);
    assert.equal(live.problem, undefined);
  });

  it('rejects a command that waits for its answer when the server dies', async () => {
    redis = await openRedis(at(server.url), silentLogger);
    const waiting = redis.read((client) => client.blpop('nothing', 0));
    await eventually(async () => (await server.cli('INFO', 'clients')).includes('blocked_clients:1'));
    const start = Date.now();
    await server.kill();
    await assert.rejects(waiting, { reason: 'redisUnavailable' });
    // Here, too.
    assert.ok(Date.now() - start < 4_000);
  });

  it('gives up a write when its patience ends', async () => {
    redis = await openRedis(at(server.url), silentLogger);
    await server.kill();
    await assert.rejects(
      redis.write((client) => client.set('a', '1'), { patienceMs: 150 }),
      { reason: 'redisUnavailable' },
    );
  });

  it('says that nothing listens, and where', async () => {
    await server.kill();
    const socket = await refusal(at(server.url));
    assert.equal(socket.reason, 'redisUnavailable');
    assert.ok(socket.message.includes(server.socketPath));
    await rm(server.socketPath);
    assert.equal((await refusal(at(server.url))).reason, 'redisUnavailable');
    const port = await refusal(at(`redis://user:geheim@127.0.0.1:${await freePort()}`));
    assert.equal(port.reason, 'redisUnavailable');
    assert.ok(!port.message.includes('geheim'), port.message);
    assert.ok(port.hint);
  });

  it('says that a password is missing or wrong, without telling it', async () => {
    await server.cli('CONFIG', 'SET', 'requirepass', 'right');
    const without = await refusal(at(server.url));
    assert.equal(without.reason, 'redisRefused');
    const wrong = await refusal(at(server.url, 'geheim'));
    assert.equal(wrong.reason, 'redisRefused');
    assert.ok(!`${wrong.message} ${wrong.hint}`.includes('geheim'));
    redis = await openRedis(at(server.url, 'right'), silentLogger);
    assert.equal(await redis.read((client) => client.ping()), 'PONG');
  });

  it('says that the user may not do something', async () => {
    await server.cli('ACL', 'SETUSER', 'guest', 'on', '>pw', '~*', '&*', '+@connection', '+info');
    const error = await refusal(at(`unix://guest:pw@${server.socketPath}`));
    assert.equal(error.reason, 'redisRefused');
    assert.match(error.message, /'eval' command/);
    assert.match(error.hint ?? '', /ACL SETUSER/);
  });

  it('opens for a user who may not ask for the server’s state', async () => {
    await server.cli('ACL', 'SETUSER', 'guest', 'on', '>pw', '~tt:*', '&*', '+@all', '-@dangerous', '-info');
    redis = await openRedis(at(`unix://guest:pw@${server.socketPath}`), silentLogger);
    assert.equal(await redis.read((client) => client.get('tt:a')), null);
  });

  it('says that a database is refused, and writes to no other one', async () => {
    await server.stop();
    server = await startTestRedis({ args: ['--databases', '1'] });
    const error = await refusal(at(`${server.url}?db=3`));
    assert.equal(error.reason, 'redisRefused');
    assert.match(error.message, /database 3/);
    assert.match(error.hint ?? '', /smaller number/);
    assert.equal(await server.cli('DBSIZE'), '0');
  });

  it('says that a command was renamed', async () => {
    await server.stop();
    server = await startTestRedis({ args: ['--rename-command', 'EVAL', 'hidden'] });
    const error = await refusal(at(server.url));
    assert.equal(error.reason, 'redisRefused');
    assert.match(error.hint ?? '', /renamed/);
  });

  it('says that a replica is no place for a town', async () => {
    await server.cli('REPLICAOF', '127.0.0.1', '1');
    const error = await refusal(at(server.url));
    assert.equal(error.reason, 'redisNotWriting');
    assert.match(error.hint ?? '', /primary/);
  });

  it('refuses a server that is too old or speaks no TLS', async () => {
    const port = await freePort();
    const old = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        // The first byte of TLS: what follows is no Redis.
        if (chunk[0] === 0x16) socket.write('-ERR Protocol error\r\n');
        for (const word of chunk.toString().match(/\b(?:hello|info|client|select)\b/gi) ?? []) {
          const info = 'redis_version:6.2.14\r\n';
          socket.write(
            word.toLowerCase() === 'info'
              ? `$${info.length}\r\n${info}\r\n`
              : `-ERR unknown command '${word.toUpperCase()}'\r\n`,
          );
        }
      });
    });
    await new Promise<void>((resolve) => old.listen(port, '127.0.0.1', resolve));
    try {
      const error = await refusal(at(`redis://127.0.0.1:${port}`));
      assert.equal(error.reason, 'redisTooOld');
      assert.match(error.message, /6\.2\.14.*7\.0/);
      assert.equal((await refusal(at(`rediss://127.0.0.1:${port}`))).reason, 'redisRefused');
    } finally {
      old.close();
    }
  });

  it('refuses an address that is none', async () => {
    for (const url of ['http://localhost', 'redis://', 'redis://host/x', 'localhost:6379', 'redis://u:p@:1']) {
      assert.equal((await refusal(at(url))).reason, 'redisUrlInvalid', url);
    }
  });
});

describe('the version of Redis', () => {
  const table: [string, string | undefined][] = [
    ['redis_version:7.0.15\r\n', undefined],
    ['# Server\r\nredis_version:6.2.0\r\n', '6.2.0'],
    ['redis_version:10.1.0\r\n', undefined],
    ['redis_version:6.2.0\r\nvalkey_version:1.0.0\r\n', undefined],
    ['redis_version:6.0.16\r\n', '6.0.16'],
    ['redis_version:5.0\r\n', '5.0'],
    ['valkey_version:8.0.1\r\nredis_version:7.2.4\r\n', undefined],
    ['something else', undefined],
  ];
  for (const [info, problem] of table) {
    it(`${info.trim().replaceAll('\r\n', ' ')} → ${problem ?? 'fine'}`, () =>
      assert.equal(versionProblem(info), problem));
  }
});
