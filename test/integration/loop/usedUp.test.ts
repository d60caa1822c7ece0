/** The account's limit is used up, as the real Codex says it: one problem for all agents, and no attempt of any task. */
import assert from 'node:assert/strict';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { TinytownError } from '../../../src/util/errors.ts';
import { eventually } from '../../support/eventually.ts';
import type { Script } from '../../support/scriptedModel.ts';
import { usageLimit } from '../../support/scriptedModelStream.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown, taskTool } from '../../support/testTown.ts';

const names = ['web', 'ops'];
const times = { retryMs: 50, limitTickMs: 50 };

/** Completes every task that the conversation assigns, once the tools are there. */
const completeAll: Script = ({ userTexts, lastUserText, toolOutputs }) => {
  const ids = [...userTexts.join('\n').matchAll(/\bTask ([0-9a-f-]{36}), assigned by/g)].map(([, id]) => id ?? '');
  const calls = ids.map((id) => taskTool('task_complete', { task_id: id, result: 'as was asked' }));
  if (toolOutputs.at(-1)?.startsWith('unsupported call')) return [{ delay: 200 }, ...calls];
  return calls.length === 0 || toolOutputs.length > 0 ? [{ text: `done: ${lastUserText.slice(0, 40)}` }] : calls;
};

async function allDone(session: TownSession): Promise<void> {
  for (const name of names) await agentWhen(session, name, (it) => it.tasksCompleted === 3, 'its tasks done');
  const completed = (): number =>
    [...session.mirror.tasks.values()].filter(({ state }) => state === 'completed').length;
  await eventually(() => completed() === 6, { what: 'six tasks completed' });
  for (const { id } of session.mirror.agents.values())
    assert.equal(session.mirror.waiting(id).dead, 0, 'nothing was given up');
}

describe('an account whose limit is used up', () => {
  let town: TestTown;
  /** Unix milliseconds of the reset. */
  let reset: number;
  let refused: number;

  beforeEach(async () => {
    reset = Number.POSITIVE_INFINITY;
    refused = 0;
    town = await startTestTown((request) => {
      if (Date.now() >= reset) return completeAll(request);
      refused += 1;
      return [usageLimit(reset / 1_000)];
    });
  });

  closesAfterEach(() => town);

  /** Two agents with three tasks each, refused. */
  async function useUp(session: TownSession, seconds: number): Promise<unknown[]> {
    const problems: unknown[] = [];
    session.runner.onProblem(({ error }) => problems.push(error));
    for (const name of names) await session.actions.spawnAgent({ name });
    for (const name of names) await agentWhen(session, name, (it) => it.state === 'idle', 'up');
    reset = (Math.floor(Date.now() / 1_000) + seconds) * 1_000;
    for (const name of names)
      for (const number of [1, 2, 3]) await session.actions.assignTask(name, `task ${number} of ${name}`);
    for (const name of names)
      await agentWhen(session, name, (it, view) => view.usedUp?.until === reset && it.state === 'idle', 'waits');
    return problems;
  }

  it('makes all wait until the reset, says so once, and each task is done exactly once after it', async () => {
    const session = await town.open({ maxAttempts: 1 }, times);
    const problems = await useUp(session, 6);
    const before = refused;
    assert.ok(before <= names.length, `${before} refusals`);
    await allDone(session);
    assert.ok(Date.now() >= reset);
    assert.equal(refused, before, 'nobody has asked before the reset');
    assert.deepEqual(
      problems.map((error) => error instanceof TinytownError && error.reason),
      ['limitUsedUp'],
    );
    for (const text of names.flatMap((name) => [1, 2, 3].map((number) => `task ${number} of ${name}`))) {
      const threads = new Map(town.model.requests.map((request) => [request.threadId, request]));
      const texts = [...threads.values()].flatMap(({ userTexts }) => userTexts);
      const full = texts.filter((it) => new RegExp(`^${text}$`, 'm').test(it));
      assert.equal(full.length, 1, `"${text}" in full`);
    }
  });

  it('holds across a reload and in other windows, which let one agent try and follow', async () => {
    const first = await town.open({ maxAttempts: 1 }, times);
    await useUp(first, 8);
    const before = refused;
    await first.close();
    const [second, third] = [await town.open({ maxAttempts: 1 }, times), await town.open({ maxAttempts: 1 }, times)];
    for (const session of [second, third])
      for (const name of names)
        await agentWhen(session, name, (_, view) => view.usedUp?.until === reset, 'still waits');
    await allDone(second);
    assert.equal(refused, before);
  });

  it('lets one agent try when a person wants that, and all go on when somebody signs in', async () => {
    const session = await town.open({ maxAttempts: 1 }, times);
    await useUp(session, 3_600);
    const before = refused;
    await session.actions.tryNow();
    await eventually(() => refused === before + 1, { what: 'one has tried' });
    for (const name of names)
      await agentWhen(session, name, (it, view) => view.usedUp?.until === reset && it.state === 'idle', 'waits again');
    assert.equal(refused, before + 1, 'it alone');
    reset = 0;
    await session.codex.signInWithKey('another account');
    await allDone(session);
  });

  it('holds `codex exec`, too', async () => {
    const session = await town.open({ maxAttempts: 1 }, times);
    await session.actions.spawnAgent({ name: 'web' });
    await session.actions.setPersistent('web', false);
    reset = (Math.floor(Date.now() / 1_000) + 3_600) * 1_000;
    await session.actions.assignTask('web', 'task of web');
    const agent = await agentWhen(
      session,
      'web',
      (it, view) => view.usedUp !== undefined && it.state === 'idle',
      'waits',
    );
    assert.equal(session.mirror.waiting(agent.id).inbox, 1);
    reset = 0;
    await session.actions.tryNow();
    await agentWhen(session, 'web', (it) => it.tasksCompleted === 1, 'its task done');
  });

  it('goes on by itself after the reset where only `codex exec` was refused, which does not name it', async () => {
    const session = await town.open({ maxAttempts: 1 }, times);
    for (const name of names) await session.actions.spawnAgent({ name });
    for (const name of names) await agentWhen(session, name, (it) => it.state === 'idle', 'up');
    await session.actions.setPersistent('ops', false);
    reset = (Math.floor(Date.now() / 1_000) + 3_600) * 1_000;
    await session.actions.assignTask('ops', 'task of ops');
    await agentWhen(session, 'web', (_, view) => view.usedUp !== undefined, 'waits, too');
    reset = 0;
    await session.actions.assignTask('web', 'task of web');
    for (const name of names) await agentWhen(session, name, (it) => it.tasksCompleted === 1, 'its task done');
  });

  it('lets another agent try while the process of the one that tried starts again', async () => {
    const session = await town.open({ maxAttempts: 10 }, { ...times, retryMs: 3_000 });
    await useUp(session, 3_600);
    // Whoever tries gets no answer.
    town.model.script = () => [{ delay: 60_000 }];
    const before = town.model.requests.length;
    await session.actions.tryNow();
    await eventually(() => town.model.requests.length > before, { what: 'one tries' });
    const tries = [...session.mirror.agents.values()].filter(({ id }) => session.runner.view(id).turn);
    assert.equal(tries.length, 1);
    process.kill(-(session.runner.view(tries[0]?.id ?? '').pid ?? 0), 'SIGKILL');
    const other = names.find((name) => name !== tries[0]?.name) ?? '';
    await agentWhen(session, other, (_, view) => view.turn !== undefined, 'tries');
  });
});
