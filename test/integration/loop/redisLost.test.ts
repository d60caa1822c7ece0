/** Redis goes away in every way it can, with agents at work: what waits is kept, people are told, nothing is written twice. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { SUPERVISOR_ID, TownKeys } from '../../../src/town/keys.ts';
import type { AgentRecord } from '../../../src/town/records/records.ts';
import { encodeMessage, newMessage } from '../../../src/town/records/messages.ts';
import { type CuttingProxy, startCuttingProxy } from '../../support/cuttingProxy.ts';
import { eventually } from '../../support/eventually.ts';
import { type Script, gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown, timesDelivered } from '../../support/testTown.ts';

const keys = new TownKeys('test-town');

function task(to: string, text: string): string {
  return encodeMessage(newMessage({ type: 'task', description: text, from: SUPERVISOR_ID, to }));
}

/** The second request waits for the gate; all others are answered at once. */
function secondWaits(): { script: Script; open(): void } {
  const held = gate();
  return {
    script: ({ index }) => (index === 1 ? [{ hold: held.opened }, { text: 'done' }] : [{ text: 'done' }]),
    open: () => held.open(),
  };
}

async function rounds(session: TownSession, count: number): Promise<void> {
  const fits = (it: AgentRecord): boolean => it.roundsCompleted === count && it.state === 'idle';
  await agentWhen(session, 'worker', fits, `${count} rounds`);
}

/** The id of an agent that has had its first round. */
async function atWork(session: TownSession): Promise<string> {
  const agent = await session.actions.spawnAgent({ name: 'worker', task: 'the first' });
  await rounds(session, 1);
  return agent.id;
}

describe('a town whose Redis is lost', () => {
  let town: TestTown;
  let proxy: CuttingProxy | undefined;

  closesAfterEach(() => town);
  afterEach(async () => {
    await proxy?.close();
    proxy = undefined;
  });

  let cutter: CuttingProxy;

  async function throughProxy(): Promise<TownSession> {
    cutter = await startCuttingProxy(town.redis.socketPath, path.join(town.redis.dir, 'proxy.sock'));
    proxy = cutter;
    return town.open({ redisUrl: cutter.url });
  }

  /** A town whose agent has had its first round, and is in the turn of `second` until that is opened. */
  async function inSecondTurn(open: () => Promise<TownSession>): Promise<{
    turn: ReturnType<typeof secondWaits>;
    session: TownSession;
    id: string;
  }> {
    const turn = secondWaits();
    town = await startTestTown(turn.script);
    const session = await open();
    const id = await atWork(session);
    await session.actions.sendMessage('worker', 'second');
    await town.model.waitForRequest(({ index }) => index === 1);
    return { turn, session, id };
  }

  it('for a moment: the turn goes on, and what came meanwhile is the next one', async () => {
    const { turn, session, id } = await inSecondTurn(throughProxy);
    cutter.cut();
    await town.redis.client().rpush(keys.inbox(id), task(id, 'third'));
    turn.open();
    await rounds(session, 3);
    assert.deepEqual([timesDelivered(town, 'second'), timesDelivered(town, 'third')], [1, 1]);
  });

  it('for a moment, just when an agent starts: it starts all the same', async () => {
    town = await startTestTown();
    const session = await throughProxy();
    cutter.loseReplies(1, (command) => /HGETALL[^\r]*\r\n\$1\r\n1\r\n\$\d+\r\ntt:[^\r]*:inflight:/.test(command));
    await session.actions.spawnAgent({ name: 'worker', task: 'the first' });
    await rounds(session, 1);
    assert.equal(cutter.lost, 1);
  });

  it('for a moment, just when a message is given up: its task has failed all the same', async () => {
    town = await startTestTown(() => [{ error: 400, message: 'no' }]);
    cutter = await startCuttingProxy(town.redis.socketPath, path.join(town.redis.dir, 'proxy.sock'));
    proxy = cutter;
    const session = await town.open({ redisUrl: cutter.url, maxAttempts: 1 });
    cutter.loseReplies(1, (command) => /RPUSH\r\n\$\d+\r\ntt:[^\r]*:dead:/.test(command));
    await session.actions.spawnAgent({ name: 'worker' });
    const task = await session.actions.assignTask('worker', 'the first');
    await eventually(() => session.mirror.tasks.get(task.id)?.state === 'failed', { what: 'failed' });
    assert.equal(cutter.lost, 1);
    assert.equal((await session.actions.personInbox.supervisorMessages()).length, 1);
  });

  it('for longer than people are let wait: they are told, the picture stays, and the turn that ended meanwhile is settled', async () => {
    const { turn, session } = await inSecondTurn(() => town.open());
    await town.redis.kill();
    await eventually(() => !session.mirror.connected, { what: 'the loss is seen' });
    assert.equal([...session.mirror.agents.values()][0]?.name, 'worker');
    const refused = assert.rejects(session.actions.sendMessage('worker', 'lost'), {
      reason: 'redisUnavailable',
      hint: /Start Redis/,
    });
    turn.open();
    await refused;
    await town.redis.restart();
    await rounds(session, 2);
    assert.equal(session.mirror.connected, true);
    assert.equal(timesDelivered(town, 'second'), 1);
  });

  it('and comes back empty: its agents are gone with their processes, and nothing of them is written again', async () => {
    const { turn, session, id } = await inSecondTurn(() => town.open());
    const { pid = 0 } = session.runner.view(id);
    await town.redis.kill();
    await rm(path.join(town.redis.dir, 'appendonlydir'), { recursive: true });
    turn.open();
    await town.redis.restart();
    await eventually(() => session.mirror.connected && session.mirror.agents.size === 0, { what: 'an empty picture' });
    await eventually(() => !alive(pid), { what: 'the end of the process' });
    assert.deepEqual(await town.redis.client().keys(`${keys.prefix}agent:*`), []);
    await session.actions.spawnAgent({ name: 'worker', task: 'a new life' });
    await rounds(session, 1);
  });

  it('and comes back from its append-only file: all that waited is there, in order', async () => {
    const { turn, session, id } = await inSecondTurn(() => town.open());
    await town.redis.client().rpush(keys.inbox(id), task(id, 'third'), task(id, 'fourth'));
    await town.redis.kill();
    await town.redis.restart();
    turn.open();
    await rounds(session, 3);
    assert.match(town.model.userMessages()[2] ?? '', /^third$[^]*^fourth$/m);
    assert.equal(timesDelivered(town, 'second'), 1);
  });

  it('and goes back to an older state: one owner goes on with what was kept, and later messages are handled', async () => {
    const { turn, session, id } = await inSecondTurn(() => town.open());
    await town.redis.client().rpush(keys.inbox(id), task(id, 'third'));
    const goBack = await town.redis.snapshot();
    turn.open();
    await rounds(session, 3);
    const { pid } = session.runner.view(id);
    await town.redis.kill();
    await goBack();
    await town.redis.client().rpush(keys.inbox(id), task(id, 'fourth'));
    await eventually(() => timesDelivered(town, 'fourth') === 1, { what: 'the later message' });
    await agentWhen(session, 'worker', (it) => it.state === 'idle', 'idle');
    const redis = town.redis.client();
    const left = async (): Promise<boolean> =>
      (await redis.llen(keys.inbox(id))) + (await redis.hlen(keys.inflight(id))) === 0;
    await eventually(left, { what: 'nothing left' });
    // Its thread holds it: Redis had kept that it was in flight.
    assert.equal(timesDelivered(town, 'second'), 1);
    // Redis had kept that it waits, and has forgotten that it was done.
    assert.ok(timesDelivered(town, 'third') <= 2);
    assert.equal(session.runner.view(id).pid, pid);
    assert.deepEqual([await redis.llen(keys.dead(id)), await redis.llen(keys.held(id))], [0, 0]);
  });

  it('to being a replica: writing is refused with a hint, and it goes on when it may write again', async () => {
    const { turn, session, id } = await inSecondTurn(() => town.open());
    await town.redis.client().rpush(keys.inbox(id), task(id, 'third'));
    await town.redis.cli('REPLICAOF', '127.0.0.1', '1');
    await assert.rejects(session.actions.sendMessage('worker', 'no'), { reason: 'redisNotWriting', hint: /replica/ });
    turn.open();
    await eventually(() => town.log.some((line) => line.includes('READONLY')), { what: 'a refusal in the log' });
    await town.redis.cli('REPLICAOF', 'NO', 'ONE');
    await rounds(session, 3);
    assert.deepEqual(
      [timesDelivered(town, 'second'), timesDelivered(town, 'third'), timesDelivered(town, 'no')],
      [1, 1, 0],
    );
  });

  it('to a full memory: nothing is half written, and it goes on when there is room', async () => {
    const { turn, session, id } = await inSecondTurn(() => town.open());
    const redis = town.redis.client();
    await redis.rpush(keys.inbox(id), task(id, 'third'));
    await town.redis.cli('CONFIG', 'SET', 'maxmemory', '1');
    await assert.rejects(session.actions.sendMessage('worker', 'no'), { reason: 'redisNotWriting', hint: /memory/ });
    turn.open();
    await eventually(() => town.log.some((line) => line.includes('OOM')), { what: 'a refusal in the log' });
    // Some scripts still run, as they take off before they put; none stops halfway.
    const waiting = [...(await redis.lrange(keys.inbox(id), 0, -1)), ...(await redis.hvals(keys.inflight(id)))];
    assert.ok(timesDelivered(town, 'third') === 1 || waiting.some((raw) => raw.includes('third')));
    await town.redis.cli('CONFIG', 'SET', 'maxmemory', '0');
    await rounds(session, 3);
    assert.deepEqual(
      [timesDelivered(town, 'second'), timesDelivered(town, 'third'), timesDelivered(town, 'no')],
      [1, 1, 0],
    );
  });

  it('to slowness: everything waits, and happens once', async () => {
    town = await startTestTown();
    const session = await town.open();
    await atWork(session);
    await town.redis.cli('CLIENT', 'PAUSE', '2000', 'ALL');
    await Promise.all([
      session.actions.sendMessage('worker', 'second'),
      session.actions.sendMessage('worker', 'third', { kind: 'query' }),
    ]);
    await eventually(() => timesDelivered(town, 'second') + timesDelivered(town, 'third') === 2);
  });

  it('between a command and its reply: nothing is written twice, whichever reply it is', async () => {
    town = await startTestTown();
    const session = await throughProxy();
    const id = await atWork(session);
    const texts = Array.from({ length: 12 }, (_, number) => `number ${number}`);
    for (const [number, text] of texts.entries()) {
      // Now the first reply, now a later one: of the sending, the look, the taking, the settling.
      let passed = number % 5;
      cutter.loseReplies(1, (command) => command.includes('EVALSHA') && (passed -= 1) < 0);
      await session.actions.sendMessage('worker', text);
      await eventually(() => cutter.lost > number, { what: 'a lost reply' });
    }
    await eventually(() => texts.every((text) => timesDelivered(town, text) > 0), { what: 'all of them' });
    const redis = town.redis.client();
    await eventually(async () => (await redis.hlen(keys.inflight(id))) === 0, { what: 'nothing in flight' });
    assert.deepEqual(
      texts.map((text) => timesDelivered(town, text)),
      texts.map(() => 1),
    );
    assert.equal(cutter.lost, texts.length);
    assert.equal((await redis.keys(`${keys.prefix}agent:*`)).length, 1);
    assert.equal((await redis.keys(`${keys.prefix}task:*`)).length, 1);
  });
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
