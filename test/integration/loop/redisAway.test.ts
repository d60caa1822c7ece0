/** Redis is away for longer than writes wait for it: turns are ended, people are told once, and all goes on when it is back. */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { AgentView } from '../../../src/loop/state/agentView.ts';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { TownKeys } from '../../../src/town/keys.ts';
import type { AgentRecord } from '../../../src/town/records/records.ts';
import { TinytownError } from '../../../src/util/errors.ts';
import { inEnglish } from '../../../src/util/sentence.ts';
import { type CuttingProxy, startCuttingProxy } from '../../support/cuttingProxy.ts';
import { eventually } from '../../support/eventually.ts';
import { gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown, timesDelivered } from '../../support/testTown.ts';

const keys = new TownKeys('test-town');
const names = ['web', 'ops'];
const patience = { patienceMs: 300 };

describe('a town whose Redis is away for longer than its writes wait', () => {
  let town: TestTown;
  let proxy: CuttingProxy | undefined;

  closesAfterEach(() => town);
  afterEach(async () => {
    await proxy?.close();
    proxy = undefined;
  });

  /** Both agents are in a turn, of which the thread and the town know. */
  async function bothAtWork(session: TownSession, { crashedBefore = false } = {}): Promise<void> {
    for (const name of names) await session.actions.spawnAgent({ name });
    for (const name of crashedBefore ? names : []) {
      const { id } = await agentWhen(session, name, (it, view) => it.state === 'idle' && view.pid !== undefined, 'up');
      const { pid } = session.runner.view(id);
      assert.ok(pid);
      process.kill(pid, 'SIGKILL');
      const isUp = (it: AgentRecord, view: AgentView): boolean => view.pid !== pid && it.state === 'idle';
      await agentWhen(session, name, (it, view) => view.pid !== undefined && isUp(it, view), 'up again');
    }
    for (const name of names) {
      await session.actions.sendMessage(name, `work of ${name}`);
      await agentWhen(
        session,
        name,
        (it, view) => it.runtimeSessionId !== undefined && view.turn !== undefined && it.state === 'working',
        'a turn',
      );
    }
    await eventually(() => town.model.requests.length === 2, { what: 'two requests' });
  }

  it('ends the turns that have something to tell, says so once, and goes on with them when it is back', async () => {
    const away = gate();
    town = await startTestTown(({ index }) =>
      index < 2 ? [{ hold: away.opened }, { text: 'half' }, { hold: gate().opened }] : [{ text: 'done' }],
    );
    const session = await town.open({ maxAttempts: 1 }, patience);
    const problems: { agentId?: string; error: unknown }[] = [];
    session.runner.onProblem((problem) => problems.push(problem));
    await bothAtWork(session, { crashedBefore: true });
    await town.redis.kill();
    away.open();
    for (const name of names) {
      await agentWhen(
        session,
        name,
        (_, view) =>
          view.turn === undefined && inEnglish(view.lastError ?? '').includes('Redis has accepted no changes'),
        'its turn ended, as its view says',
      );
    }
    assert.deepEqual(
      problems
        .filter(({ agentId }) => agentId === undefined)
        .map(({ agentId, error }) => [agentId, error instanceof TinytownError && error.reason]),
      [[undefined, 'turnCutOff']],
    );
    await town.redis.restart();
    for (const name of names) {
      const back = await agentWhen(session, name, (it) => it.state === 'idle' && it.roundsCompleted === 1, 'a round');
      assert.equal(session.mirror.waiting(back.id).held + session.mirror.waiting(back.id).dead, 0);
      assert.equal(timesDelivered(town, `work of ${name}`), 1);
    }
    assert.equal(town.model.requests.length, 4);
    assert.ok(town.model.requests.slice(2).every(({ lastUserText }) => lastUserText.includes('was cut off')));
    await town.redis.kill();
    await eventually(() => !session.mirror.connected, { what: 'the second loss' });
    const told = problems.filter(({ agentId }) => agentId === undefined);
    assert.equal(told.length, 1, 'no turn was ended by it');
    await town.redis.restart();
  });

  it('settles a turn that has ended meanwhile once, by what its thread holds', async () => {
    const away = gate();
    town = await startTestTown(() => [{ hold: away.opened }, { text: 'done' }]);
    const session = await town.open({ maxAttempts: 1 }, patience);
    await bothAtWork(session);
    await town.redis.kill();
    away.open();
    for (const name of names) await agentWhen(session, name, (_, view) => view.pastTurns.length === 1, 'the end');
    // Their settling is given up one by one.
    await eventually(
      () => town.log.filter((line) => /web|ops/.test(line) && line.includes('cannot be reached')).length > 3,
      {
        what: 'writes that were given up',
      },
    );
    await town.redis.restart();
    for (const name of names) {
      await agentWhen(session, name, (it) => it.state === 'idle' && it.roundsCompleted === 1, 'a round');
      assert.equal(timesDelivered(town, `work of ${name}`), 1);
    }
    assert.equal(town.model.requests.length, 2);
    assert.equal(session.mirror.connected, true);
  });

  it('from one window alone: the other takes its agents, and continues what the first has ended', async () => {
    const away = gate();
    town = await startTestTown(({ index }) =>
      index < 2 ? [{ hold: away.opened }, { text: 'half' }, { hold: gate().opened }] : [{ text: 'done' }],
    );
    const socket = path.join(town.redis.dir, 'proxy.sock');
    proxy = await startCuttingProxy(town.redis.socketPath, socket);
    const times = { ...patience, leaseMs: 1_000 };
    const cut = await town.open({ redisUrl: proxy.url }, times);
    await bothAtWork(cut);
    const other = await town.open({}, times);
    await proxy.close();
    away.open();
    for (const name of names) {
      const record = await agentWhen(other, name, (it) => it.state === 'idle' && it.roundsCompleted === 1, 'a round');
      assert.equal(timesDelivered(town, `work of ${name}`), 1);
      assert.ok(other.runner.owns(record.id));
    }
    proxy = await startCuttingProxy(town.redis.socketPath, socket);
    await eventually(() => cut.mirror.connected, { what: 'the first window is back' });
    for (const { id } of cut.mirror.agents.values()) {
      await eventually(() => !cut.runner.owns(id), { what: 'the first window lets go' });
      assert.equal(await town.redis.client().hlen(keys.inflight(id)), 0);
    }
    assert.equal(town.model.requests.length, 4);
  });
});
