/** What programs get of the doctor, of models, of accounts and of processes. */
import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.ts';
import { HostTown, refused, run } from './town.ts';

async function report(): Promise<Map<string, { state: string; found: string }>> {
  const answer = Object(await run('doctor', { quiet: true }));
  assert.ok(Array.isArray(answer.checks));
  return new Map(answer.checks.map((check: { name: string; state: string; found: string }) => [check.name, check]));
}

describe('the window’s own Codex, for programs', () => {
  let town: HostTown;

  before(async () => {
    town = await HostTown.prepare();
  });
  after(() => town.end());

  it('is asked by the doctor before there is a town, and after', async () => {
    const before = await report();
    assert.equal(before.get('folder')?.state, 'warning');
    assert.equal(before.get('account')?.state, 'ok');
    assert.equal(before.get('redis')?.state, 'ok');
    await run('spawnAgent', 'scout', { task: 'Say hello' });
    await town.agent('scout', ({ state, task }) => state === 'idle' && task === undefined);
    const after = await report();
    assert.deepEqual(
      [...after.values()].filter(({ state }) => state !== 'ok'),
      [],
    );
  });

  it('knows models, and takes others by their name', async () => {
    assert.deepEqual(await run('chooseModel', 'scout', 'gpt-5.5', { effort: 'high' }), {
      model: 'gpt-5.5',
      effort: 'high',
      listed: true,
    });
    const before = town.model.requests.length;
    await run('assignTask', 'scout', 'Think');
    const request = await town.model.waitForRequest(({ index }) => index >= before);
    assert.equal(request.body.model, 'gpt-5.5');
    const agent = await town.agent('scout', ({ state, task }) => state === 'idle' && task === undefined);
    assert.equal(agent.model, 'gpt-5.5');
    assert.equal(agent.effort, 'high');
    const own = { model: 'my-own', effort: undefined, listed: false };
    assert.deepEqual(await run('chooseModel', 'scout', 'my-own'), own);
    const configured = { model: undefined, effort: undefined, listed: true };
    assert.deepEqual(await run('chooseModel', 'scout', ''), configured);
    await refused('badArguments', 'chooseModel', 'scout', 'gpt-5.5', { effort: 7 });
  });

  it('says that its provider asks for no account', async () => {
    assert.deepEqual(await run('signIn', 'browser'), { state: 'notNeeded' });
    await refused('badArguments', 'signIn', 'fax');
  });

  it('leaves the memory of agents to be read', async () => {
    const { id } = await town.agent('scout', () => true);
    // Another model, or an attempt to sign in, replaces its process.
    const use = await eventually(async () => {
      const [only, ...others] = await town.api.listProcesses();
      return others.length === 0 && only?.agent === id && only;
    });
    assert.ok(use.count >= 1 && use.residentBytes > 10_000_000, JSON.stringify(use));
  });
});
