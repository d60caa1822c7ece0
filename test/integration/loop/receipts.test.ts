/** Every message has a receipt, the same in every window; and what waits can be changed until the moment it is taken. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { QueueActions } from '../../../src/loop/actions/queueActions.ts';
import type { TownSession } from '../../../src/loop/townSession.ts';
import type { Batch } from '../../../src/town/records/batch.ts';
import { SUPERVISOR_ID, TownKeys } from '../../../src/town/keys.ts';
import { encodeMessage, newMessage } from '../../../src/town/records/messages.ts';
import { takePlan } from '../../../src/town/plans/plans.ts';
import { Town } from '../../../src/town/town.ts';
import { TownKey } from '../../../src/town/control/townKey.ts';
import { TinytownError } from '../../../src/util/errors.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { eventually } from '../../support/eventually.ts';
import { seenAs } from '../../support/seenAs.ts';
import { openTestTown, testAgent } from '../../support/redisTown.ts';
import { gate } from '../../support/scriptedModel.ts';
import { tempDir } from '../../support/tempDir.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

const keys = new TownKeys('test-town');

describe('receipts', () => {
  let town: TestTown;
  let windows: TownSession[];

  async function twoWindows(...script: Parameters<typeof startTestTown>): Promise<[TownSession, TownSession]> {
    town = await startTestTown(...script);
    const first = await town.open({ maxAttempts: 1 });
    const second = await town.open({ maxAttempts: 1 });
    windows = [first, second];
    return [first, second];
  }

  /** An agent that is up, and the process that it has, in whichever window. */
  async function upAgent(): Promise<{ id: string; pid: number }> {
    const [first] = windows;
    assert.ok(first);
    const { id } = await first.actions.spawnAgent({ name: 'web' });
    await agentWhen(first, 'web', (it) => it.state === 'idle', 'idle');
    const pid = await eventually(() =>
      windows.map(({ runner }) => runner.view(id).pid).find((one) => one !== undefined),
    );
    return { id, pid };
  }

  closesAfterEach(() => town);

  it('of a round and of a steer pass from queued over sent and delivered to settled, in both windows', async () => {
    const [first, second] = [gate(), gate()];
    const [, other] = await twoWindows(({ index }) =>
      index === 0 ? [{ hold: first.opened }, { exec: 'true' }] : [{ hold: second.opened }, { text: 'done' }],
    );
    const { id, pid } = await upAgent();
    await other.actions.pauseAgent('web');
    await agentWhen(other, 'web', (it) => it.state === 'paused', 'paused');
    const round = await other.actions.sendMessage('web', 'paint the door');
    const queued = await seenAs('queued', windows, id, round);
    assert.deepEqual([queued?.from, queued?.text, queued?.list], [SUPERVISOR_ID, 'paint the door', 'inbox']);
    // A process that stands still gives no echo.
    process.kill(pid, 'SIGSTOP');
    await other.actions.resumeAgent('web');
    const sent = await seenAs('sent', windows, id, round);
    assert.ok(sent?.batchId);
    process.kill(pid, 'SIGCONT');
    const delivered = await seenAs('delivered', windows, id, round);
    assert.ok((delivered?.since ?? 0) > (sent.since ?? 0));
    process.kill(pid, 'SIGSTOP');
    const steer = await other.actions.steer('web', 'in red');
    await seenAs('sent', windows, id, steer);
    process.kill(pid, 'SIGCONT');
    first.open();
    const steered = await seenAs('delivered', windows, id, steer);
    assert.equal(steered?.list, 'urgent');
    await seenAs('delivered', windows, id, round);
    second.open();
    for (const one of [round, steer]) await seenAs('settled', windows, id, one);
    assert.deepEqual(await town.redis.client().lrange(keys.inbox(id), 0, -1), []);
    const later = await town.open();
    await seenAs('settled', [later], id, round);
  });

  it('of an interrupted round say that it is held and why, until it is run again, alone', async () => {
    const [first] = await twoWindows(() => [{ hold: gate().opened }]);
    const { id } = await upAgent();
    const messages: string[] = [];
    for (const text of ['one', 'two']) {
      messages.push(await first.actions.sendMessage('web', text));
      await seenAs('delivered', windows, id, messages.at(-1) ?? '');
      const owner = windows.find(({ runner }) => runner.owns(id));
      await owner?.actions.interrupt('web');
      await seenAs('held', windows, id, messages.at(-1) ?? '');
    }
    town.model.script = () => [{ text: 'done' }];
    const [one = '', two = ''] = messages;
    const held = await seenAs('held', windows, id, one);
    assert.equal(held?.reason, 'The turn was interrupted.');
    await first.actions.leftovers.runAgain('web', held.batchId);
    await seenAs('settled', windows, id, one);
    const other = await seenAs('held', windows, id, two);
    await assert.rejects(first.actions.leftovers.runAgain('web', held.batchId), { reason: 'nothingHeld' });
    await first.actions.leftovers.dismissHeld('web', other?.batchId);
    await seenAs(undefined, windows, id, two);
  });

  it('of messages that were given up say why, until one of them is dismissed and the other tried again', async () => {
    const [first] = await twoWindows(() => [{ error: 400, message: 'the model is on strike' }]);
    const { id } = await upAgent();
    const one = await first.actions.sendMessage('web', 'one');
    const dead = await seenAs('dead', windows, id, one);
    assert.match(dead?.reason ?? '', /on strike/);
    assert.equal(dead?.attempts, 1);
    const two = await first.actions.sendMessage('web', 'two');
    await seenAs('dead', windows, id, two);
    await first.actions.leftovers.dismissDead('web', one);
    await seenAs(undefined, windows, id, one);
    await assert.rejects(first.actions.leftovers.retryDead('web', one), { reason: 'nothingDead' });
    town.model.script = () => [{ text: 'the strike is over' }];
    await first.actions.leftovers.retryDead('web', two);
    await seenAs('settled', windows, id, two);
  });

  it('are uncertain while the agent’s process is gone, until it was looked up what became of them', async () => {
    town = await startTestTown(() => [{ hold: gate().opened }]);
    // A process that ended is replaced only after a while.
    const session = await town.open({}, { leaseMs: 15_000, retryMs: 1_500 });
    windows = [session];
    const { id, pid } = await upAgent();
    const message = await session.actions.sendMessage('web', 'a long way');
    await seenAs('delivered', windows, id, message);
    town.model.script = () => [{ text: 'done' }];
    process.kill(-pid, 'SIGKILL');
    await seenAs('uncertain', windows, id, message);
    // What the owner has written says so, not only that the agent starts anew.
    assert.equal(await town.redis.client().hget(keys.agent(id), 'state'), 'working');
    await seenAs('settled', windows, id, message);
    assert.equal(town.model.userMessages().filter((text) => /^a long way$/m.test(text)).length, 1);
  });

  it('keep the newest twenty of those that are over, and none of an agent that was removed', async () => {
    const [first] = await twoWindows();
    const { id } = await upAgent();
    for (let number = 1; number <= 25; number += 1) {
      await first.actions.sendMessage('web', `news ${number}`, { kind: 'info' });
    }
    const last = await first.actions.sendMessage('web', 'read them');
    await seenAs('settled', windows, id, last);
    const really = await first.actions.sendMessage('web', 'read them again');
    await seenAs('settled', windows, id, really);
    const redis = town.redis.client();
    const texts = (await first.receipts.list(id)).map(({ text }) => text);
    assert.deepEqual([texts.length, texts[0], texts[19]], [20, 'read them again', 'news 8']);
    assert.equal(await redis.llen(keys.settled(id)), 20);
    await first.actions.removeAgent('web');
    assert.equal(await redis.exists(keys.settled(id)), 0);
  });

  it('are not read where nobody asks for them', async () => {
    town = await startTestTown();
    // Before there is anything to hear: ioredis takes what comes along with the answer to MONITOR for an answer, too.
    const monitor = await town.redis.client().monitor();
    const first = await town.open();
    windows = [first, await town.open()];
    const { id } = await upAgent();
    let looks = 0;
    let marks = 0;
    monitor.on('monitor', (_time: string, words: string[]) => {
      if (words[0]?.toLowerCase() === 'evalsha' && words[2] === '9') looks += 1;
      if (words[0] === 'echo') marks += 1;
    });
    /** How many there were until now, none of them still on its way to here. */
    const looksSoFar = async (): Promise<number> => {
      const before = marks;
      await town.redis.client().echo('mark');
      await eventually(() => marks > before);
      return looks;
    };
    const one = await first.actions.sendMessage('web', 'one');
    await agentWhen(first, 'web', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.equal(await looksSoFar(), 0);
    await seenAs('settled', [first], id, one);
    assert.equal(await looksSoFar(), 1);
    monitor.disconnect();
  });
});

describe('a message that waits', () => {
  it('is edited, moved, promoted and removed, and reaches the agent as it then is', async () => {
    const town = await startTestTown();
    try {
      const session = await town.open();
      const { id } = await session.actions.spawnAgent({ name: 'web' });
      await agentWhen(session, 'web', (it) => it.state === 'idle', 'idle');
      await session.actions.pauseAgent('web');
      const { queue } = session.actions;
      const [a = '', b = '', c = '', d = ''] = await Promise.all(
        ['alpha', 'beta', 'gamma', 'delta'].map((text) => session.actions.sendMessage('web', text)),
      );
      const task = await session.actions.assignTask('web', 'the old task');
      await eventually(() => session.mirror.tasks.has(task.id));
      const order = async (): Promise<string[]> => (await session.receipts.list(id)).map(({ text }) => text);
      await queue.edit('web', b, 'beta,\nrevised');
      assert.deepEqual(await order(), ['alpha', 'beta,\nrevised', 'gamma', 'delta', 'the old task']);
      await queue.move('web', c, 'moveQueuedUp');
      await queue.move('web', a, 'moveQueuedDown');
      assert.deepEqual(await order(), ['gamma', 'alpha', 'beta,\nrevised', 'delta', 'the old task']);
      await assert.rejects(queue.move('web', c, 'moveQueuedUp'), { reason: 'cannotNow', message: /the first/ });
      await queue.move('web', c, 'moveQueuedDown', d);
      assert.deepEqual(await order(), ['alpha', 'beta,\nrevised', 'delta', 'gamma', 'the old task']);
      await queue.move('web', c, 'moveQueuedUp', a);
      assert.deepEqual(await order(), ['gamma', 'alpha', 'beta,\nrevised', 'delta', 'the old task']);
      for (const nowhere of [a, 'nothing']) {
        await assert.rejects(queue.move('web', a, 'moveQueuedDown', nowhere), { reason: 'cannotNow' });
      }
      await queue.promote('web', d);
      await queue.remove('web', a, 'Not needed.');
      const assigned = (await session.receipts.list(id)).find(({ type }) => type === 'task_assign')?.messageId ?? '';
      await queue.edit('web', assigned, 'the new task');
      await eventually(() => session.mirror.tasks.get(task.id)?.description === 'the new task');
      assert.deepEqual(await order(), ['delta', 'gamma', 'beta,\nrevised', 'the new task']);
      await assert.rejects(queue.edit('web', a, 'gone'), { reason: 'messageGone' });
      await session.actions.resumeAgent('web');
      const { lastUserText } = await town.model.waitForRequest(() => true);
      assert.match(lastUserText, /URGENT[^]*delta[^]*gamma[^]*beta,\nrevised[^]*the new task/);
      assert.doesNotMatch(lastUserText, /alpha|old task/);
      await agentWhen(session, 'web', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
      await assert.rejects(queue.edit('web', b, 'too late'), { reason: 'messageTaken' });
    } finally {
      await town.close();
    }
  });

  it('is cancelled with its task, unless the agent has it already', async () => {
    const held = gate();
    const town = await startTestTown(() => [{ hold: held.opened }, { text: 'done' }]);
    try {
      const session = await town.open();
      const { id } = await session.actions.spawnAgent({ name: 'web', task: 'first' });
      await town.model.waitForRequest(() => true);
      const second = await session.actions.assignTask('web', 'second');
      await eventually(() => session.mirror.tasks.has(second.id));
      const assignments = (await session.receipts.list(id)).map(({ messageId, text }) => [text, messageId]);
      const ids = new Map(assignments.map(([text = '', messageId = '']) => [text, messageId]));
      await assert.rejects(session.actions.queue.remove('web', ids.get('first') ?? '', 'no'), {
        reason: 'messageTaken',
        message: 'It was sent to the agent a moment ago.',
      });
      await session.actions.queue.remove('web', ids.get('second') ?? '', 'Not needed.');
      await eventually(() => session.mirror.tasks.get(second.id)?.state === 'cancelled');
      assert.deepEqual(
        [...session.mirror.tasks.values()].map(({ description, state }) => `${description} ${state}`).toSorted(),
        ['first running', 'second cancelled'],
      );
      held.open();
      await agentWhen(session, 'web', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    } finally {
      await town.close();
    }
  });

  it('is sent whole again where it was edited after an attempt that failed', async () => {
    const town = await startTestTown(() => [{ error: 400, message: 'no' }]);
    try {
      const session = await town.open({ maxAttempts: 5 }, { leaseMs: 15_000, retryMs: 60_000 });
      const { id } = await session.actions.spawnAgent({ name: 'web' });
      const message = await session.actions.sendMessage('web', `the first idea, ${'at length '.repeat(40)}`);
      await eventually(async () => (await session.receipts.list(id)).find(({ attempts }) => attempts === 1));
      town.model.script = () => [{ text: 'done' }];
      const better = `the second idea, ${'at length '.repeat(40)}and its end`;
      await session.actions.queue.edit('web', message, better);
      await session.actions.queue.promote('web', message);
      await seenAs('settled', [session], id, message);
      assert.ok(town.model.userMessages().at(-1)?.includes(better));
    } finally {
      await town.close();
    }
  });

  it('is handled once, with one of both texts, where it is edited at the moment it is taken', async () => {
    const town = await startTestTown();
    try {
      const session = await town.open();
      const { id } = await session.actions.spawnAgent({ name: 'web' });
      await agentWhen(session, 'web', (it) => it.state === 'idle', 'idle');
      const outcomes: string[] = [];
      for (let number = 1; number <= 25; number += 1) {
        const message = await session.actions.sendMessage('web', `before ${number}.`);
        await pause(number % 4);
        const outcome = await session.actions.queue
          .edit('web', message, `after ${number}.`)
          .then(() => 'after')
          .catch((error: unknown) => {
            assert.ok(error instanceof TinytownError && error.reason === 'messageTaken', String(error));
            return 'before';
          });
        outcomes.push(outcome);
        await seenAs('settled', [session], id, message);
        const texts = town.model.userMessages().filter((text) => text.includes(` ${number}.`));
        assert.equal(texts.length, 1, `message ${number}`);
        assert.ok(texts[0]?.includes(`${outcome} ${number}.`), `message ${number}`);
      }
    } finally {
      await town.close();
    }
  });

  it('is never lost nor doubled between many who take, edit, move, promote and remove it', async () => {
    const test = await openTestTown();
    const storage = await tempDir('storage');
    const town = await Town.open(test.redis, test.keys.town, silentLogger);
    try {
      const agent = testAgent('web', { state: 'working' });
      await town.agents.create(agent);
      const queue = new QueueActions(
        town,
        async () => agent,
        () => undefined,
        new TownKey(storage.path, 'test'),
      );
      const context = { keys: town.keys, agentId: agent.id, agentName: 'web', threadId: null, now: 0 };
      const tally = new Map<string, number>();
      for (let round = 0; round < 150; round += 1) {
        const sent = ['one', 'two', 'three'].map((text) =>
          newMessage({ type: 'task', description: text, from: SUPERVISOR_ID, to: agent.id }),
        );
        await test.redis.commands.rpush(town.keys.inbox(agent.id), ...sent.map(encodeMessage));
        const [, two] = sent;
        assert.ok(two);
        const take = async (): Promise<string[]> => {
          const { urgent, inbox } = await town.delivery.peek(agent.id);
          const messages = [...urgent, ...inbox];
          const ids = messages.map(({ message, list, raw }) => ({ id: message.id, list, raw: raw.toString() }));
          const batch: Batch = {
            id: randomUUID(),
            kind: 'round',
            at: 0,
            threadId: null,
            delivered: false,
            messages: ids,
          };
          const done = await town.delivery.commit(takePlan(context, 'working', batch, messages, []), '');
          return done === 'done' ? messages.map(({ message }) => `${message.id} ${textOf(message)}`) : [];
        };
        const change = [
          () => queue.edit('web', two.id, 'other'),
          () => queue.move('web', two.id, 'moveQueuedUp'),
          () => queue.promote('web', two.id),
          () => queue.remove('web', two.id, 'no'),
        ][round % 4];
        assert.ok(change);
        const changing = (): Promise<string> =>
          change().then(
            () => 'done',
            (error: unknown) => (error instanceof TinytownError ? error.reason : String(error)),
          );
        // Taking is quicker: in half of the rounds it begins later.
        const takeLater = async (): Promise<string[]> => {
          for (let look = 0; look < round % 8; look += 1) await town.messages.at(agent.id);
          return take();
        };
        const [taken, outcome] = await Promise.all([round % 8 < 4 ? take() : takeLater(), changing()]);
        const all = [...taken, ...(await take())];
        const mine = all.filter((one) => one.startsWith(two.id));
        const removed = round % 4 === 3 && outcome === 'done';
        assert.equal(all.length, removed ? 2 : 3, `round ${round}: ${outcome}`);
        assert.equal(mine.length, removed ? 0 : 1);
        if (round % 4 === 0) assert.equal(mine[0]?.endsWith(' other'), outcome === 'done');
        assert.ok(outcome === 'done' || outcome === 'messageTaken' || outcome === 'cannotNow', outcome);
        tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
      }
      assert.ok((tally.get('done') ?? 0) > 0 && (tally.get('messageTaken') ?? 0) > 0, JSON.stringify([...tally]));
    } finally {
      town.close();
      await test.close();
      await storage.remove();
    }
  });
});

function textOf(message: { type: string; description?: string }): string {
  return message.description ?? message.type;
}
