/** Bad days of a Redis, as its connection sees them: noticed in time, told once, over by themselves. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { TownKeys } from '../../../src/town/keys.ts';
import { type RedisTimes, type TownRedis, openRedis } from '../../../src/town/redis/connect.ts';
import { type Wake, WakeSource } from '../../../src/town/live/wake.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { type CuttingProxy, startCuttingProxy } from '../../support/cuttingProxy.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestRedis, startTestRedis } from '../../support/redis.ts';

// A loaded machine may be silent for a second.
const quick: RedisTimes = { pulseMs: 100, silenceMs: 2_000, awayMs: 300 };

describe('a Redis on a bad day', () => {
  let server: TestRedis;
  let proxy: CuttingProxy;
  let redis: TownRedis;
  let told: (string | undefined)[];

  beforeEach(async () => {
    server = await startTestRedis();
    proxy = await startCuttingProxy(server.socketPath, path.join(server.dir, 'proxy.sock'));
  });
  afterEach(async () => {
    redis.close();
    await proxy.close();
    await server.stop();
  });

  async function open(times: Partial<RedisTimes> = quick): Promise<void> {
    redis = await openRedis({ kind: 'url', source: 'setting', url: proxy.url }, silentLogger, times);
    told = [];
    redis.onTrouble((trouble) => told.push(trouble?.reason));
  }

  it('half open: noticed without any work, told once, and over when the link is there again', async () => {
    await open();
    proxy.silence();
    await eventually(() => redis.state === 'lost', { what: 'the loss' });
    await eventually(() => redis.trouble, { what: 'the trouble' });
    await assert.rejects(
      redis.read((client) => client.get('a')),
      { reason: 'redisUnavailable' },
    );
    const written = redis.write((client) => client.set('a', '1'), { patienceMs: 30_000 });
    proxy.speak();
    assert.equal(await written, 'OK');
    await eventually(() => redis.trouble === undefined, { what: 'the end of the trouble' });
    assert.deepEqual(told, ['redisUnavailable', undefined]);
  });

  it('half open, with the times that people have: noticed and told within 15 s', async () => {
    await open({});
    const start = Date.now();
    proxy.silence();
    await eventually(() => redis.trouble, { what: 'the trouble' });
    assert.ok(Date.now() - start < 15_000, `${Date.now() - start} ms`);
  });

  it('half open for one connection alone: that is noticed, too', async () => {
    await open();
    const held = proxy.holdReplies((command) => /ping/i.test(command));
    await held.given;
    await eventually(() => redis.state === 'lost', { what: 'the loss' });
    held.release();
    await eventually(() => redis.state === 'ready', { what: 'the return' });
  });

  it('cut for a moment again and again: nobody is told, and no read fails', async () => {
    await open({ awayMs: 5_000 });
    for (let time = 0; time < 9; time += 1) {
      proxy.cut();
      await eventually(() => redis.state === 'lost', { what: 'the loss' });
      assert.equal(await redis.read((client) => client.ping()), 'PONG');
    }
    assert.deepEqual(told, []);
  });

  it('with a server that closes idle connections: they are kept busy', async () => {
    await server.cli('CONFIG', 'SET', 'timeout', '1');
    await open({ ...quick, awayMs: 5_000 });
    let losses = 0;
    redis.onState((state) => (losses += state === 'lost' ? 1 : 0));
    const past = async (): Promise<boolean> =>
      Number(/^uptime_in_seconds:(\d+)/m.exec(await server.cli('INFO'))?.[1]) >= 4;
    await eventually(past, { what: 'four seconds of the server', interval: 100 });
    assert.deepEqual([losses, told], [0, []]);
  });

  it('a primary that was demoted: noticed without a write, told once, and over when it is one again', async () => {
    await open();
    await server.cli('REPLICAOF', '127.0.0.1', '1');
    await eventually(() => redis.trouble?.reason === 'redisNotWriting', { what: 'the trouble' });
    assert.match(redis.trouble?.hint ?? '', /primary/);
    await assert.rejects(
      redis.write((client) => client.set('a', '1'), { patienceMs: 0 }),
      { reason: 'redisNotWriting' },
    );
    const written = redis.write((client) => client.set('a', '1'), { patienceMs: 30_000 });
    await server.cli('REPLICAOF', 'NO', 'ONE');
    assert.equal(await written, 'OK');
    assert.deepEqual(told, ['redisNotWriting', undefined]);
  });

  it('a primary that was demoted, with the address leading to another one: goes on there', async () => {
    const other = await startTestRedis();
    try {
      await open();
      await server.cli('REPLICAOF', '127.0.0.1', '1');
      proxy.leadTo(other.socketPath);
      await redis.write((client) => client.set('a', '1'), { patienceMs: 30_000 });
      assert.equal(await other.cli('GET', 'a'), '1');
    } finally {
      await other.stop();
    }
  });

  it('full: a person is told at once, an owner’s write waits for room, and it is said once', async () => {
    await open();
    await server.cli('CONFIG', 'SET', 'maxmemory', '1');
    const set = (): Promise<string> =>
      redis.write((client) => client.set('a', '1'), { patienceMs: 30_000, waitsForRoom: true });
    await assert.rejects(
      redis.write((client) => client.set('a', '1')),
      { reason: 'redisNotWriting', hint: /maxmemory/ },
    );
    const writes = [set(), set()];
    assert.equal(await redis.read((client) => client.get('a')), null);
    await server.cli('CONFIG', 'SET', 'maxmemory', '0');
    assert.deepEqual(await Promise.all(writes), ['OK', 'OK']);
    await eventually(() => redis.trouble === undefined, { what: 'the end of the trouble' });
    assert.deepEqual(told, ['redisNotWriting', undefined]);
  });

  it('that cannot save: told by its own words, and over by itself', async () => {
    await server.cli('CONFIG', 'SET', 'min-replicas-to-write', '1');
    await open();
    assert.match(redis.trouble?.hint ?? '', /min-replicas/);
    await server.cli('CONFIG', 'SET', 'min-replicas-to-write', '0');
    await eventually(() => redis.trouble === undefined, { what: 'the end of the trouble' });
  });

  it('back with another password: says so, and goes on when it is the right one', async () => {
    await open();
    await server.cli('CONFIG', 'SET', 'requirepass', 'other');
    proxy.cut();
    await eventually(() => redis.trouble, { what: 'the trouble' });
    assert.match(redis.trouble?.hint ?? '', /password/);
    await server.cli('-a', 'other', 'CONFIG', 'SET', 'requirepass', '');
    await eventually(() => redis.state === 'ready', { what: 'the return' });
  });

  it('away: trying again connects at once', async () => {
    await open({ ...quick, awayMs: 1 });
    await server.kill();
    await eventually(() => redis.trouble, { what: 'the trouble' });
    await assert.rejects(redis.tryNow(), { reason: 'redisUnavailable' });
    await server.restart();
    await redis.tryNow();
    assert.equal(redis.state, 'ready');
  });

  describe('whose notifications are switched off by another application', () => {
    let wake: WakeSource;
    const keys = new TownKeys('hill');
    afterEach(() => wake.dispose());

    async function listen(): Promise<Wake[]> {
      wake = new WakeSource(redis, keys, silentLogger, { checkMs: 100, shortestMs: 20, longestMs: 100, scanMs: 100 });
      const wakes: Wake[] = [];
      wake.onChange((change) => wakes.push(change));
      await wake.start();
      assert.equal(wake.mode, 'notifications');
      return wakes;
    }

    it('polls, misses nothing, and listens again when they are on', async () => {
      await open();
      const wakes = await listen();
      await server.cli('CONFIG', 'SET', 'notify-keyspace-events', '');
      await eventually(() => wake.mode === 'poll', { what: 'polling' });
      await eventually(() => wakes.some(({ kind }) => kind === 'everything'), { what: 'a look at everything' });
      await server.cli('RPUSH', keys.backlog, 'x');
      await eventually(() => wakes.some(({ kind }) => kind === 'backlog'), { what: 'the change' });
      assert.equal(await server.cli('CONFIG', 'GET', 'notify-keyspace-events'), 'notify-keyspace-events');
      await server.cli('CONFIG', 'SET', 'notify-keyspace-events', 'KEA');
      await eventually(() => wake.mode === 'notifications', { what: 'listening' });
      wakes.length = 0;
      await server.cli('RPUSH', keys.backlog, 'y');
      await eventually(() => wakes.some(({ kind }) => kind === 'backlog'), { what: 'the next change' });
    });

    it('finds it out by a change of its own where the configuration is not told', async () => {
      await server.cli('ACL', 'SETUSER', 'default', '-config');
      await open();
      await listen();
      await server.cli('ACL', 'SETUSER', 'default', '+config');
      await server.cli('CONFIG', 'SET', 'notify-keyspace-events', 'Kx');
      await server.cli('ACL', 'SETUSER', 'default', '-config');
      await eventually(() => wake.mode === 'poll', { what: 'polling' });
    });
  });
});
