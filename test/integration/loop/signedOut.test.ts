/** Nobody is signed in to Codex, and the real one is refused: one agent finds it out for all, and nothing is lost by it. */
import assert from 'node:assert/strict';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { TinytownError } from '../../../src/util/errors.ts';
import { codexHome, signIn } from '../../support/codexHome.ts';
import { eventually } from '../../support/eventually.ts';
import { gate } from '../../support/scriptedModel.ts';
import {
  type TestTown,
  agentWhen,
  allowProgram,
  closesAfterEach,
  completeTask,
  startTestTown,
} from '../../support/testTown.ts';

const names = ['web', 'ops', 'docs'];

describe('a window in which nobody is signed in to Codex', () => {
  let town: TestTown;
  let session: TownSession;
  let problems: { agentId?: string; error: unknown }[];

  beforeEach(async () => {
    town = await startTestTown(
      (request) =>
        request.authorization === 'Bearer good' ? completeTask(request) : [{ error: 401, message: 'who are you?' }],
      { requiresAuth: true },
    );
    problems = [];
    session = await town.open({ agentClis: { cat: { command: 'cat' } }, maxAttempts: 1 });
    await allowProgram(session, 'cat');
    session.runner.onProblem((problem) => problems.push(problem));
  });

  closesAfterEach(() => town);

  /** The agents are up, and the first has found out. */
  async function oneIsRefused(): Promise<void> {
    for (const name of names) await session.actions.spawnAgent({ name });
    for (const name of names) await agentWhen(session, name, (it) => it.state === 'idle', 'up');
    await session.actions.assignTask('web', 'the task of web');
    await eventually(() => session.runner.account.signedOut, { what: 'signed out' });
    for (const name of names.slice(1)) await session.actions.assignTask(name, `the task of ${name}`);
    for (const name of names)
      await agentWhen(session, name, (it, view) => view.waitsForSignIn && waits(it.id) && it.state === 'idle', 'waits');
  }

  function waits(agentId: string): boolean {
    return session.mirror.waiting(agentId).inbox === 1;
  }

  it('is refused once, says so once, and lets all go on by themselves when somebody has signed in', async () => {
    const told: boolean[] = [];
    session.runner.account.onDidChange((out) => told.push(out));
    await oneIsRefused();
    await session.actions.spawnAgent({ name: 'parrot', cli: 'cat' });
    await session.actions.sendMessage('parrot', 'still here');
    const parrot = await agentWhen(session, 'parrot', (it) => it.roundsCompleted === 1, 'a turn of another CLI');
    assert.equal(session.runner.view(parrot.id).waitsForSignIn, false);
    assert.equal(town.model.requests.length, 1, 'no storm');
    assert.deepEqual(
      problems.map(({ agentId, error }) => [agentId, error instanceof TinytownError && error.reason]),
      [[undefined, 'unauthorized']],
    );
    await signIn(town.codexHome, 'good');
    session.runner.account.signedIn();
    for (const name of names) await agentWhen(session, name, (it) => it.tasksCompleted === 1, 'its task done');
    assert.equal(town.model.requests.filter(({ authorization }) => authorization === '').length, 1);
    assert.deepEqual(told, [true, false]);
    assert.equal(session.runner.account.signedOut, false);
  });

  it('goes on when somebody signs in in another window, all agents as soon as the model works for the first', async () => {
    await oneIsRefused();
    const held = gate();
    let first: string | undefined;
    town.model.script = async (request) => {
      if (request.authorization !== 'Bearer good') return [{ error: 401, message: 'who are you?' }];
      first ??= request.threadId;
      if (request.threadId !== first || request.toolOutputs.length > 1) return completeTask(request);
      if (request.toolOutputs.length === 0) return [{ exec: 'true' }];
      return [{ hold: held.opened }, ...(await completeTask({ ...request, toolOutputs: [] }))];
    };
    const other = await town.open();
    const redis = town.redis.client();
    await other.codex.signInWithKey('good');
    const token = await eventually(() => redis.get('tt:test-town:signin'), { what: 'the news' });
    const done = (): number => [...session.mirror.agents.values()].filter((it) => it.tasksCompleted === 1).length;
    await eventually(() => done() === 2, { what: 'the tasks of the others done' });
    held.open();
    await eventually(() => done() === 3, { what: 'the task of the first done' });
    assert.equal(town.model.requests.filter(({ authorization }) => authorization === '').length, 1);
    assert.equal(session.runner.account.signedOut, false);
    assert.equal(await redis.get('tt:test-town:signin'), token, 'who was told does not tell it again');
  });

  it('tries with one agent where that was another Codex, and neither tells people nor windows that it was refused', async () => {
    await oneIsRefused();
    const redis = town.redis.client();
    const elsewhere = await codexHome(town.model.url, { requiresAuth: true });
    try {
      const other = await town.open({ codexEnv: elsewhere.own });
      await other.codex.signInWithKey('good');
      await town.model.waitForRequest(({ index }) => index === 1);
      const token = await redis.get('tt:test-town:signin');
      for (const name of names)
        await agentWhen(
          session,
          name,
          (it, view) => view.waitsForSignIn && waits(it.id) && it.state === 'idle',
          'waits',
        );
      assert.equal(town.model.requests.length, 2, 'no storm');
      assert.equal(problems.length, 1);
      await session.actions.restartAgent('docs');
      await town.model.waitForRequest(({ index }) => index === 2);
      assert.equal(await redis.get('tt:test-town:signin'), token);
    } finally {
      await elsewhere.remove();
    }
  });

  it('goes on where a turn is refused that was begun before somebody has signed in', async () => {
    const held = gate();
    town.model.script = async (request) => {
      if (request.authorization === 'Bearer good') return completeTask(request);
      await held.opened;
      return [{ error: 401, message: 'who are you?' }];
    };
    await session.actions.spawnAgent({ name: 'web' });
    await session.actions.assignTask('web', 'the task of web');
    await town.model.waitForRequest(({ index }) => index === 0);
    await session.codex.signInWithKey('good');
    held.open();
    await agentWhen(session, 'web', (it) => it.tasksCompleted === 1, 'its task done');
    assert.deepEqual(problems, []);
  });

  it('tries with the agent that is restarted, and with all when that goes well', async () => {
    await oneIsRefused();
    await session.actions.restartAgent('docs');
    await town.model.waitForRequest(({ index }) => index === 1);
    await agentWhen(session, 'docs', (it, view) => view.waitsForSignIn && waits(it.id), 'refused again');
    assert.equal(town.model.requests.length, 2, 'it alone has tried');
    await signIn(town.codexHome, 'good');
    await session.actions.restartAgent('docs');
    for (const name of names) await agentWhen(session, name, (it) => it.tasksCompleted === 1, 'its task done');
    assert.equal(town.model.requests.filter(({ authorization }) => authorization === '').length, 2);
    assert.equal(problems.length, 1);
  });

  it('holds `codex exec`, too', async () => {
    await session.actions.spawnAgent({ name: 'web' });
    await session.actions.setPersistent('web', false);
    await session.actions.assignTask('web', 'the task of web');
    const refused = await agentWhen(
      session,
      'web',
      (it, view) => view.waitsForSignIn && waits(it.id) && it.lastError !== undefined,
      'refused',
    );
    assert.match(refused.lastError ?? '', /401/);
    await signIn(town.codexHome, 'good');
    session.runner.account.signedIn();
    await agentWhen(session, 'web', (it) => it.tasksCompleted === 1, 'its task done');
    assert.equal(town.model.requests.filter(({ authorization }) => authorization === '').length, 1);
  });

  it('lets a turn end that was begun before', async () => {
    const held = gate();
    town.model.script = ({ index }) => (index === 0 ? [{ hold: held.opened }, { text: 'done' }] : [{ error: 401 }]);
    for (const name of names) await session.actions.spawnAgent({ name });
    await session.actions.sendMessage('web', 'long');
    await town.model.waitForRequest(({ index }) => index === 0);
    await session.actions.sendMessage('ops', 'short');
    await eventually(() => session.runner.account.signedOut, { what: 'signed out' });
    held.open();
    await agentWhen(session, 'web', (it) => it.roundsCompleted === 1 && it.state === 'idle', 'its turn over');
    assert.equal(session.runner.account.signedOut, true, 'what was begun before proves nothing');
  });
});
