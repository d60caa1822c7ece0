/** A window acts on agents that another one runs: everything gets there, and the person gets an answer. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { LEASE_MS } from '../../../src/town/stores/leases.ts';
import { TownKeys } from '../../../src/town/keys.ts';
import type { AgentRecord } from '../../../src/town/records/records.ts';
import { TinytownError } from '../../../src/util/errors.ts';
import { startTimeOf } from '../../../src/process/processTable.ts';
import { startCuttingProxy } from '../../support/cuttingProxy.ts';
import { eventually } from '../../support/eventually.ts';
import { type Script, echoScript, gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown, shownRequests } from '../../support/testTown.ts';

const keys = new TownKeys('test-town');
/** A window that gives no answer. */
const deaf = 'elsewhere/1/1/x';
const forEver: Script = () => [{ hold: gate().opened }];
const firstWaits: Script = ({ index }) => (index === 0 ? [{ hold: gate().opened }] : [{ text: 'done' }]);

describe('an agent that another window runs', () => {
  let town: TestTown;
  let owner: TownSession;
  let other: TownSession;
  let agent: AgentRecord;

  closesAfterEach(() => town);

  /** An agent that one window runs and the other knows of. */
  async function twoWindows(script?: Script, answerMs?: number): Promise<void> {
    town = await startTestTown(script);
    const settings = { sandbox: 'danger-full-access' } as const;
    owner = await town.open(settings);
    agent = await owner.actions.spawnAgent({ name: 'ops' });
    await agentWhen(owner, 'ops', (it) => it.state === 'idle', 'up');
    other = await town.open(settings, answerMs === undefined ? {} : { answerMs });
    await eventually(() => other.runner.view(agent.id).owner === 'elsewhere', { what: 'seen in the other window' });
  }

  /** The agent's window lives, as its lease says, and hears of nothing. */
  async function ownerGoesDeaf(): Promise<void> {
    await town.redis.client().mset(keys.windowLease(deaf), '1', keys.lease(agent.id), deaf);
    await owner.close();
    await eventually(() => other.runner.windowOf(agent.id) === deaf, { what: 'the deaf owner' });
  }

  async function atWork(): Promise<void> {
    await other.actions.sendMessage('ops', 'the work');
    await town.model.waitForRequest(({ index }) => index === 0);
    await agentWhen(other, 'ops', (it) => it.state === 'working', 'at work');
  }

  it('stays known to be there while its window gives signs of life', async () => {
    await twoWindows();
    const client = town.redis.client();
    const windowId = (await client.get(keys.lease(agent.id))) ?? '';
    const owners = new Set<string>();
    for (let sign = 0; sign < 20; sign += 1) {
      await client.set(keys.windowLease(windowId), '1', 'PX', LEASE_MS);
      for (let look = 0; look < 20; look += 1) {
        await client.ping();
        owners.add(other.runner.view(agent.id).owner);
      }
    }
    assert.deepEqual([...owners], ['elsewhere']);
  });

  it('is interrupted from there, and its work is held by the time that is said', async () => {
    await twoWindows(forEver);
    await assert.rejects(other.actions.interrupt('ops'), { reason: 'noActiveTurn' });
    await atWork();
    assert.deepEqual(await other.actions.interrupt('ops'), { survivors: [] });
    assert.equal(await town.redis.client().llen(keys.held(agent.id)), 1);
    assert.equal(owner.runner.view(agent.id).turn, undefined);
  });

  it('is interrupted from there while it finishes its last turn', async () => {
    await twoWindows(forEver);
    await atWork();
    await other.actions.closeAgent('ops');
    await agentWhen(other, 'ops', (it) => it.state === 'draining', 'draining');
    assert.deepEqual(await other.actions.interrupt('ops'), { survivors: [] });
    await agentWhen(other, 'ops', (it) => it.state === 'cold', 'closed');
  });

  it('says what of the turn could not be ended', async () => {
    await twoWindows(({ toolOutputs }) =>
      toolOutputs.length === 0
        ? [{ exec: 'setsid sh -c "echo \\$\\$ > free; exec sleep 300" & wait' }]
        : [{ text: 'done' }],
    );
    await atWork();
    // An empty file is 0, and 0 is this process’ own group.
    const free = await eventually(async () => Number(await readFile(path.join(town.folder, 'free'), 'utf8')) || false);
    try {
      const { survivors } = await other.actions.interrupt('ops');
      assert.deepEqual(survivors, [`process ${free} (sleep 300)`]);
    } finally {
      process.kill(free, 'SIGKILL');
    }
  });

  it('tells that there is nothing to interrupt where its turn has ended meanwhile', async () => {
    await twoWindows();
    // As if this window had not seen the end of it yet.
    await town.redis.client().hset(keys.agent(agent.id), 'state', 'working');
    await agentWhen(owner, 'ops', (it) => it.state === 'working', 'said to work');
    await assert.rejects(other.actions.interrupt('ops'), {
      reason: 'noActiveTurn',
      message: 'It has no running turn to interrupt.',
    });
  });

  it('is restarted from there: its old process is gone by the time that is said, and the turn goes on', async () => {
    await twoWindows(firstWaits);
    await atWork();
    const { pid = 0 } = owner.runner.view(agent.id);
    await other.actions.restartAgent('ops');
    assert.equal(await startTimeOf(pid), undefined);
    const done = await agentWhen(other, 'ops', (it) => it.roundsCompleted === 1 && it.state === 'idle', 'one round');
    assert.equal(town.model.userMessages().length, 2);
    assert.match(town.model.userMessages()[1] ?? '', /was cut off/);
    assert.ok(owner.runner.owns(done.id));
  });

  it('says that its window gives no answer, and what to do', async () => {
    await twoWindows(forEver, 200);
    await atWork();
    await ownerGoesDeaf();
    for (const action of ['interrupt', 'restartAgent'] as const) {
      await assert.rejects(other.actions[action]('ops'), {
        reason: 'ownerSilent',
        message: /The window that runs ops has not responded/,
        hint: /Take Over/,
      });
    }
    await town.redis.client().del(keys.windowLease(deaf));
    await agentWhen(other, 'ops', (_, view) => view.owner === 'here' && view.turn !== undefined, 'taken and at work');
    assert.equal(other.mirror.waiting(agent.id).held, 0, 'what nobody heard is not done later');
  });

  it('is taken where it is given back between the question whose it is and the answer', async () => {
    await twoWindows();
    await ownerGoesDeaf();
    await other.close();
    const redis = town.redis.client();
    const proxy = await startCuttingProxy(town.redis.socketPath, path.join(town.redis.dir, 'proxy.sock'));
    try {
      const asked = proxy.holdReplies((command) => command.includes(keys.epoch(agent.id)));
      const third = await town.open({ redisUrl: proxy.url });
      await asked.given;
      await redis.del(keys.lease(agent.id));
      // What comes after it on the same connection is there: so is the news of the lease.
      await redis.hset(keys.agent(agent.id), 'nickname', 'Dot');
      await agentWhen(third, 'ops', (it) => it.nickname === 'Dot', 'another nickname');
      asked.release();
      await agentWhen(third, 'ops', (_, view) => view.owner === 'here', 'taken');
      await third.close();
    } finally {
      await proxy.close();
    }
  });

  it('is taken over from a window that gives no answer, and is not given up again', async () => {
    await twoWindows();
    await ownerGoesDeaf();
    const redis = town.redis.client();
    const owners: string[] = [];
    other.runner.onDidChangeView(() => owners.push(other.runner.view(agent.id).owner));
    const taken = other.actions.takeOver('ops');
    // The lease runs out once it has been asked in vain.
    await eventually(async () => (await redis.xlen(keys.control(agent.id))) === 1, { what: 'the request' });
    await redis.pexpire(keys.windowLease(deaf), 1);
    await taken;
    await eventually(async () => (await redis.xlen(keys.control(agent.id))) === 0, { what: 'the request read' });
    await other.actions.sendMessage('ops', 'go on');
    await agentWhen(other, 'ops', (it) => it.roundsCompleted === 1 && it.state === 'idle', 'one round');
    const since = owners.slice(owners.indexOf('here'));
    assert.ok(since.length > 0 && since.every((one) => one === 'here'), owners.join());
  });

  it('is steered, paused, resumed, toggled, closed, woken and stopped from there', async () => {
    // Held until the pause, also when Codex asks it anew at the steer.
    await twoWindows(forEver);
    await atWork();
    await other.actions.steer('ops', 'change course');
    await eventually(() => owner.runner.view(agent.id).turn?.steers.length === 1, { what: 'the steer' });
    await town.model.waitForRequest(({ userTexts }) => userTexts.length === 2);
    await other.actions.pauseAgent('ops');
    await agentWhen(owner, 'ops', (it, view) => it.state === 'paused' && view.turn === undefined, 'paused');
    town.model.script = echoScript;
    await assert.rejects(other.actions.pauseAgent('ops'), { reason: 'wrongState', message: /ops is paused/ });
    await other.actions.resumeAgent('ops');
    await agentWhen(other, 'ops', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'its work done');
    await assert.rejects(other.actions.resumeAgent('ops'), { reason: 'wrongState', message: /ops is idle/ });
    assert.deepEqual(await other.actions.setPersistent('ops', false), { mode: 'one-shot', reason: undefined });
    await other.actions.sendMessage('ops', 'once');
    await agentWhen(owner, 'ops', (it, view) => it.roundsCompleted === 2 && view.mode === 'one-shot', 'a process');
    await other.actions.closeAgent('ops');
    await agentWhen(owner, 'ops', (it, view) => it.state === 'cold' && view.owner === 'none', 'cold');
    await assert.rejects(other.actions.closeAgent('ops'), { reason: 'wrongState', message: /ops is cold/ });
    await other.actions.sendMessage('ops', 'wake up');
    await agentWhen(other, 'ops', (it) => it.roundsCompleted === 3 && it.state === 'idle', 'awake');
    await other.actions.stopAgent('ops');
    for (const { runner } of [owner, other]) await eventually(() => !runner.owns(agent.id), { what: 'nobody has it' });
    assert.equal((await agentWhen(other, 'ops', (it) => it.state === 'stopped', 'stopped')).roundsCompleted, 3);
    await assert.rejects(other.actions.stopAgent('ops'), { reason: 'wrongState', message: /ops is stopped/ });
  });
});

describe('answers from two windows at the same moment', () => {
  let town: TestTown;

  closesAfterEach(() => town);

  it('count once, and whoever was second is told', async () => {
    const times = 30;
    town = await startTestTown(({ toolOutputs }) =>
      toolOutputs.length < times ? [{ exec: `echo ${toolOutputs.length}`, escalate: 'May I?' }] : [{ text: 'done' }],
    );
    const owner = await town.open({ sandbox: 'workspace-write' });
    const agent = await owner.actions.spawnAgent({ name: 'ops', task: 'ask' });
    await eventually(() => owner.runner.owns(agent.id));
    const other = await town.open({ sandbox: 'workspace-write' });
    const outcomes: string[] = [];
    let last = '';
    for (let time = 0; time < times; time += 1) {
      const { id } = await eventually(() => shownRequests(other).find(({ id }) => id !== last), {
        what: `request ${time}`,
      });
      last = id;
      const remote = other.actions.personInbox.answerRequest('ops', id, { choice: 'decline' });
      // The remote one takes its way through Redis: now the one is first, now the other.
      const step = time % 6;
      const local = Array.from({ length: step * 4 })
        .reduce<Promise<unknown>>((before) => before.then(() => town.redis.cli('PING')), Promise.resolve())
        .then(() => owner.actions.personInbox.answerRequest('ops', id, { choice: 'approve' }));
      const [here, there] = await Promise.allSettled([local, remote]);
      const refused = [here, there].flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []));
      assert.ok(refused.length === 1 && refused[0] instanceof TinytownError, `time ${time}: ${refused.join(', ')}`);
      assert.equal(refused[0].reason, 'requestGone', `time ${time}`);
      outcomes.push(here.status === 'fulfilled' ? 'ran' : 'declined');
    }
    await agentWhen(owner, 'ops', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'done');
    const said = town.model.requests.at(-1)?.toolOutputs ?? [];
    assert.deepEqual(
      said.map((output) => (/reject|declin|denied/i.test(output) ? 'declined' : 'ran')),
      outcomes,
    );
    assert.equal(new Set(outcomes).size, 2, 'both have been first');
  });
});
