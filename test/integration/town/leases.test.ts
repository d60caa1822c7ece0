/** Ownership and fencing on a real Redis: one owner, epochs, and writers that came too late. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { cp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { mock } from 'node:test';
import { Delivery } from '../../../src/town/stores/delivery.ts';
import { newEvent } from '../../../src/town/stores/events.ts';
import { awayBecause } from '../../../src/town/records/home.ts';
import { LEASE_MS, Leases } from '../../../src/town/stores/leases.ts';
import { Plan } from '../../../src/town/plans/plan.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { PATIENCE_MS, eventually } from '../../support/eventually.ts';
import { type TestTown, openTestTown, testAgent } from '../../support/redisTown.ts';
import { AgentStore } from '../../../src/town/stores/agents.ts';

describe('leases and fences', () => {
  let town: TestTown;
  let agentId: string;
  const windows: Leases[] = [];

  async function window(): Promise<Leases> {
    const leases = await Leases.create(town.redis, town.keys, silentLogger);
    windows.push(leases);
    return leases;
  }

  beforeEach(async () => {
    town = await openTestTown();
    const agent = testAgent('worker');
    agentId = agent.id;
    await new AgentStore(town.redis, town.keys).create(agent);
  });
  afterEach(async () => {
    for (const leases of windows.splice(0)) leases.dispose();
    await town.close();
  });

  it('gives an agent to one window, and to the next after it was given back', async () => {
    const [a, b] = [await window(), await window()];
    const first = await a.own(agentId);
    assert.ok(first.owned && !first.disorderly);
    assert.deepEqual(await b.own(agentId), { owned: false, reason: 'elsewhere', windowId: a.windowId });
    assert.deepEqual(await a.own(agentId), first, 'repeating it changes nothing');
    await a.release([agentId]);
    const second = await b.own(agentId);
    assert.ok(second.owned && !second.disorderly);
    assert.notEqual(second.epoch, first.epoch);
  });

  it('gives a new epoch where another client has written an old one back', async () => {
    const leases = await window();
    const first = await leases.own(agentId);
    assert.ok(first.owned);
    await leases.release([agentId]);
    const { lease, epoch } = { lease: town.keys.lease(agentId), epoch: town.keys.epoch(agentId) };
    await town.redis.commands.mset(lease, leases.windowId, epoch, first.epoch);
    const second = await leases.own(agentId);
    assert.ok(second.owned && !second.disorderly);
    assert.notEqual(second.epoch, first.epoch);
    await town.redis.commands.set(epoch, first.epoch);
    const third = await leases.own(agentId);
    assert.ok(third.owned && third.epoch !== first.epoch);
  });

  it('lets exactly one of many windows win', async () => {
    const many = await Promise.all(Array.from({ length: 8 }, window));
    const results = await Promise.all(many.map((leases) => leases.own(agentId)));
    assert.equal(results.filter(({ owned }) => owned).length, 1);
  });

  it('does not own what is gone', async () => {
    assert.deepEqual(await (await window()).own(randomUUID()), { owned: false, reason: 'gone' });
  });

  it('takes over from a window whose lease ran out, which can write nothing any more', async () => {
    const [sleeper, next] = [await window(), await window()];
    const first = await sleeper.own(agentId);
    assert.ok(first.owned);
    // As if it had been stopped for longer than the lease.
    await town.redis.commands.del(town.keys.windowLease(sleeper.windowId));
    const second = await next.own(agentId);
    assert.ok(second.owned && second.disorderly);
    const delivery = new Delivery(town.redis, town.keys);
    const plan = (): Plan => new Plan(town.keys, agentId).agentFields({ state: 'error' });
    assert.equal(await delivery.commit(plan(), first.epoch), 'fenced');
    assert.equal(await delivery.commit(plan(), second.epoch), 'done');
  });

  it('lets an owner from before a failover write nothing, though Redis has forgotten that it was one', async () => {
    const [earlier, first, second] = [await window(), await window(), await window()];
    await earlier.own(agentId);
    await earlier.release([agentId]);
    const data = path.join(town.server.dir, 'appendonlydir');
    await cp(data, `${data}.older`, { recursive: true });
    const before = await first.own(agentId);
    await town.server.kill();
    await rm(data, { recursive: true });
    await rename(`${data}.older`, data);
    await town.server.restart();
    assert.ok(await town.redis.whenReady(PATIENCE_MS));
    const after = await second.own(agentId);
    assert.ok(before.owned && after.owned);
    const delivery = new Delivery(town.redis, town.keys);
    const plan = (): Plan => new Plan(town.keys, agentId).agentFields({ state: 'error' });
    assert.equal(await delivery.commit(plan(), before.epoch), 'fenced');
    assert.equal(await delivery.commit(plan(), after.epoch), 'done');
  });

  it('notices what was taken while it slept as soon as it takes something else', async () => {
    const [sleeper, next] = [await window(), await window()];
    const other = testAgent('other');
    await new AgentStore(town.redis, town.keys).create(other);
    const lost: string[] = [];
    sleeper.onLost((id) => lost.push(id));
    await sleeper.own(agentId);
    await town.redis.commands.del(town.keys.windowLease(sleeper.windowId));
    await next.own(agentId);
    assert.equal((await sleeper.own(other.id)).owned, true);
    assert.deepEqual(lost, [agentId]);
  });

  it('gives one sign of life, however many agents are taken at once, and none after it was closed', async () => {
    const leases = await window();
    const other = testAgent('other');
    await new AgentStore(town.redis, town.keys).create(other);
    const started = mock.method(globalThis, 'setInterval');
    const stopped = mock.method(globalThis, 'clearInterval');
    try {
      await Promise.all([leases.own(agentId), leases.own(other.id)]);
      const timers = started.mock.calls.filter(({ arguments: [, ms] }) => ms === LEASE_MS / 3);
      assert.equal(timers.length, 1);
      await leases.close();
      assert.ok(stopped.mock.calls.some(({ arguments: [timer] }) => timer === timers[0]?.result));
    } finally {
      mock.restoreAll();
    }
  });

  it('knows a window of this machine whose process is gone, and waits for none', async () => {
    const next = await window();
    const dead = next.windowId.replace(`/${process.pid}/`, '/4194304/');
    await town.redis.commands.mset(town.keys.windowLease(dead), '1', town.keys.lease(agentId), dead);
    assert.equal((await next.own(agentId)).owned, true);
  });

  it('waits for the lease of a window whose process cannot be judged from here, though its host has our name', async () => {
    const next = await window();
    const [host, , start, , random] = next.windowId.split('/');
    for (const place of ['', 'another boot']) {
      const there = [host, 4_194_304, start, place, random].join('/');
      await town.redis.commands.mset(town.keys.windowLease(there), '1', town.keys.lease(agentId), there);
      assert.deepEqual(await next.own(agentId), { owned: false, reason: 'elsewhere', windowId: there });
    }
  });

  it('gives an agent to no window that is elsewhere than where it lives', async () => {
    const home = { machine: 'm', host: 'h', codexHome: '/c', folder: '/f', folderId: '1:2' };
    const [a, b] = [await window(), await window()];
    assert.equal((await a.own(agentId, home)).owned, true);
    await a.release([agentId]);
    for (const other of [{ machine: 'n' }, { codexHome: '/d' }, { folder: '/g', folderId: '3:4' }]) {
      assert.deepEqual(await b.own(agentId, { ...home, ...other }), { owned: false, reason: 'away' });
      assert.equal(awayBecause(home, { ...home, ...other }), Object.keys(other)[0]);
    }
    // A new host name, a folder that was moved, and one that was copied back to the same place.
    for (const same of [{ host: 'i' }, { folder: '/g' }, { folder: '/g', folderId: '5:6' }]) {
      assert.equal((await b.own(agentId, { ...home, ...same })).owned, true, JSON.stringify(same));
      await b.release([agentId]);
    }
  });

  it('applies a plan as a whole or not at all', async () => {
    const leases = await window();
    const owner = await leases.own(agentId);
    assert.ok(owner.owned);
    const delivery = new Delivery(town.redis, town.keys);
    const { keys } = town;
    const raw = Buffer.from([0x7b, 0xff, 0x00]);
    await town.redis.commands.rpush(keys.inbox(agentId), raw, 'second');
    const move = (): Plan =>
      new Plan(keys, agentId)
        .whileListed(keys.inbox(agentId), raw)
        .command('LREM', keys.inbox(agentId), 1, raw)
        .command('RPUSH', keys.dead(agentId), raw);
    assert.equal(await delivery.commit(move(), owner.epoch), 'done');
    assert.equal(await delivery.commit(move(), owner.epoch), 'changed', 'repeating it changes nothing');
    assert.deepEqual(await town.redis.commands.lrangeBuffer(keys.dead(agentId), 0, -1), [raw]);
    assert.deepEqual(await town.redis.commands.lrange(keys.inbox(agentId), 0, -1), ['second']);
    const wrongState = new Plan(keys, agentId)
      .whileValue(keys.agent(agentId), 'state', 'paused')
      .agentFields({ state: 'idle' });
    assert.equal(await delivery.commit(wrongState, owner.epoch), 'changed');
    const conditional = new Plan(keys, agentId).stateIf('paused', 'error').agentFields({ cli: 'other' });
    assert.equal(await delivery.commit(conditional, owner.epoch), 'done');
    assert.deepEqual(await town.redis.commands.hmget(keys.agent(agentId), 'state', 'cli'), ['idle', 'other']);
    await town.redis.commands.del(keys.agent(agentId));
    assert.equal(await delivery.commit(new Plan(keys, agentId).agentFields({ cli: 'x' }), owner.epoch), 'changed');
    assert.equal(await town.redis.commands.exists(keys.agent(agentId)), 0, 'a removed agent is not made again');
  });

  it('writes nothing where a key is of another type, unless it only tells people', async () => {
    const { keys, redis } = town;
    const delivery = new Delivery(redis, keys);
    await redis.commands.rpush(keys.inbox(agentId), 'message');
    const move = (): Plan =>
      new Plan(keys, agentId)
        .command('LREM', keys.inbox(agentId), 1, 'message')
        .event(newEvent('agent_state_changed', 'Moved'))
        .activity('moved')
        .command('RPUSH', keys.held(agentId), 'message');
    await redis.commands.mset(keys.held(agentId), 'x', keys.activity(agentId), 'x', keys.events, 'x');
    await assert.rejects(delivery.apply(move()), {
      reason: 'badRecord',
      message: `${keys.held(agentId)} is a string but should be a list.`,
    });
    assert.equal(await redis.commands.llen(keys.inbox(agentId)), 1);
    await redis.commands.del(keys.held(agentId));
    assert.equal(await delivery.apply(move()), true);
    assert.deepEqual(await redis.commands.lrange(keys.held(agentId), 0, -1), ['message']);
    const [[, told] = []] = await redis.commands.xrevrange(keys.agentEvents(agentId), '+', '-', 'COUNT', 1);
    assert.match(told?.join() ?? '', /Moved/, 'whoever can be told is');
  });

  it('survives a lease or an epoch that somebody has made something else of', async () => {
    const { keys, redis } = town;
    const { commands } = redis;
    const delivery = new Delivery(redis, keys);
    const [a, b] = [await window(), await window()];
    const first = await a.own(agentId);
    assert.ok(first.owned);
    for (const kind of ['epoch', 'lease'] as const) {
      const key = keys[kind](agentId);
      await commands.del(key);
      await commands.rpush(key, 'x');
    }
    assert.equal(await delivery.commit(new Plan(keys, agentId).agentFields({ cli: 'x' }), first.epoch), 'fenced');
    assert.equal(await b.holder(agentId).catch(() => 'unreadable'), 'unreadable');
    await a.release([agentId]);
    const second = await b.own(agentId);
    assert.ok(second.owned && second.disorderly, 'nobody has given it back');
    assert.equal(await delivery.commit(new Plan(keys, agentId).agentFields({ cli: 'y' }), second.epoch), 'done');
    assert.equal(await b.holder(agentId), b.windowId);
  });

  it('reads everything at one moment, and names a key of the wrong type', async () => {
    const { keys } = town;
    await town.redis.commands.set(keys.inbox(agentId), 'no list');
    await town.redis.commands.rpush(keys.urgent(agentId), 'no message');
    const peek = await new Delivery(town.redis, keys).peek(agentId);
    assert.ok(peek.agent?.ok);
    assert.deepEqual(peek.inbox, []);
    assert.equal(peek.unreadable.length, 1);
    assert.match(peek.problems.join(), /inbox:.*WRONGTYPE/);
  });

  it('costs Redis nothing before an agent is taken', async () => {
    const leases = await window();
    assert.equal(await town.redis.commands.exists(town.keys.windowLease(leases.windowId)), 0);
    await leases.own(agentId);
    assert.equal(await town.redis.commands.exists(town.keys.windowLease(leases.windowId)), 1);
    await leases.close();
    await eventually(async () => (await town.redis.commands.exists(town.keys.windowLease(leases.windowId))) === 0);
    assert.equal(await town.redis.commands.exists(town.keys.lease(agentId)), 0);
  });
});
