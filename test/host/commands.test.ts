/** Commands from end to end: the real codex, a scripted model, a real Redis, called as programs call them. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { RuntimeEvent } from '../../src/runtime/codingAgent.ts';
import { eventually } from '../support/eventually.ts';
import { gate } from '../support/scriptedModel.ts';
import { completeTask } from '../support/testTown.ts';
import { HostTown, configFile, refused, run } from './town.ts';

describe('commands', () => {
  let town: HostTown;

  before(async () => {
    town = await HostTown.prepare();
  });
  after(() => town.end());

  it('spawn an agent in a folder that was no town, with a task that it does', async () => {
    const heard: string[] = [];
    let changes = 0;
    const listeners = [
      town.api.onRuntimeEvent(({ event }: { event: RuntimeEvent }) => heard.push(event.type)),
      town.api.onDidChangeAgents(() => (changes += 1)),
    ];
    const id = await run('spawnAgent', 'scout', { task: 'Say hello to the town', role: 'tester' });
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('Say hello to the town'));
    const agent = await town.agent(
      'scout',
      ({ state, task, thread }) => state === 'idle' && task === undefined && thread !== undefined,
    );
    for (const listener of listeners) listener.dispose();
    assert.equal(agent.id, id);
    assert.equal(agent.mode, 'persistent');
    assert.equal(agent.here, true);
    assert.match(agent.thread ?? '', /^[0-9a-f-]{36}$/);
    assert.match(await readFile(configFile(), 'utf8'), /^name = "workspace"$/m);
    assert.ok(heard.includes('turnStarted') && heard.includes('turnCompleted'), heard.join());
    assert.ok(changes > 0);
  });

  it('know the town by its name', async () => {
    assert.equal(await run('initTown'), 'workspace');
    assert.equal(await run('initTown', 'workspace'), 'workspace');
    await refused('townExists', 'initTown', 'another');
  });

  it('assign a task by name, in any case, and steer the turn that does it', async () => {
    const held = gate();
    town.model.script = async (request) => {
      if (/slowly/.test(request.lastUserText)) return [{ text: 'I begin. ' }, { hold: held.opened }, { exec: 'true' }];
      return completeTask(request);
    };
    const task = await run('assignTask', 'SCOUT', 'Count the files, slowly');
    assert.match(String(task), /^[0-9a-f-]{36}$/);
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('slowly'));
    const before = town.model.requests.length;
    await run('steer', 'scout', 'Only the visible ones');
    held.open();
    const steered = await town.model.waitForRequest(
      ({ index, userTexts }) => index >= before && userTexts.some((text) => text.includes('Only the visible ones')),
    );
    assert.ok(
      steered.userTexts.some((text) => text.includes('slowly')),
      'the steer is in a conversation of its own',
    );
    await town.agent('scout', ({ state, task: current }) => state === 'idle' && current === undefined);
  });

  it('interrupt a turn, which holds its work, and run that again or drop it', async () => {
    const held = gate();
    town.model.script = () => [{ text: 'I begin. ' }, { hold: held.opened }];
    await run('sendMessage', 'scout', 'Do not finish this');
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('Do not finish this'));
    await run('interrupt', 'scout');
    held.open();
    await town.agent('scout', ({ state }) => state !== 'working');
    town.model.script = completeTask;
    const before = town.model.requests.length;
    await eventually(() => run('runAgain', 'scout').then(() => true), { interval: 50 });
    await town.model.waitForRequest(
      ({ index, lastUserText }) => index >= before && lastUserText.includes('Do not finish this'),
    );
    await eventually(async () => (await town.api.listReceipts('scout')).every(({ state }) => state === 'settled'));
    await town.agent('scout', ({ state }) => state === 'idle');
    await refused('cannotNow', 'runAgain', 'scout');
    await refused('cannotNow', 'dismissHeld', 'scout');
    await refused('cannotNow', 'retryDead', 'scout');
    await refused('cannotNow', 'dismissDead', 'scout');
    await refused('cannotNow', 'interrupt', 'scout');
  });

  it('pause and resume, close and wake, stop and restart', async () => {
    await run('pauseAgent', 'scout');
    await town.agent('scout', ({ state }) => state === 'paused');
    await refused('cannotNow', 'pauseAgent', 'scout');
    await refused('cannotNow', 'steer', 'scout', 'now');
    await run('resumeAgent', 'scout');
    await town.agent('scout', ({ state }) => state === 'idle');

    await run('closeAgent', 'scout');
    await town.agent('scout', ({ state }) => state === 'cold');
    await refused('cannotNow', 'closeAgent', 'scout');
    await run('sendMessage', 'scout', 'Wake up');
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('Wake up'));
    await town.agent('scout', ({ state }) => state === 'idle');

    await run('stopAgent', 'scout');
    await town.agent('scout', ({ state }) => state === 'stopped');
    await refused('cannotNow', 'assignTask', 'scout', 'Go on');
    await run('restartAgent', 'scout');
    await town.agent('scout', ({ state }) => state === 'idle');
  });

  it('toggle between a session and a process per turn, and back', async () => {
    assert.deepEqual(await run('togglePersistent', 'scout'), { mode: 'one-shot', reason: undefined });
    await run('sendMessage', 'scout', 'In one shot');
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('In one shot'));
    await town.agent('scout', ({ state, mode }) => state === 'idle' && mode === 'one-shot');
    assert.deepEqual(await run('togglePersistent', 'scout'), { mode: 'persistent', reason: undefined });
  });

  it('narrow what an agent may do, and leave it to people to widen it', async () => {
    assert.equal(await run('changePermissions', 'scout', 'read-only'), 'read-only');
    for (const wider of ['workspace', 'full', 'default'])
      await refused('onlyNarrows', 'changePermissions', 'scout', wider);
    await refused('badArguments', 'changePermissions', 'scout', 'danger-full-access');
    await refused('onlyNarrows', 'spawnAgent', 'greedy', { permissions: 'full' });
    await refused('badArguments', 'spawnAgent', 'greedy', { permissions: 'danger-full-access' });
    assert.ok(!(await town.api.listAgents()).some(({ name }) => name === 'greedy'));
  });

  it('show the output and the log', async () => {
    assert.equal(await run('showOutput', 'scout'), (await town.api.listAgents())[0]?.id);
    await run('showLog');
  });

  it('take the one list of a key binding, and serve the API', async () => {
    await run('sendMessage', ['scout', 'By a key', { kind: 'info' }]);
    await town.api.send('scout', 'By the API');
    const request = await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('By the API'));
    assert.match(request.lastUserText, /By a key/);
    await town.agent('scout', ({ state }) => state === 'idle');
  });

  it('adopt an agent of tt once it has stopped, and take over none that is here already', async () => {
    await refused('cannotNow', 'adoptAgent', 'scout');
    await refused('cannotNow', 'takeOver', 'scout');
    const id = '33333333-3333-4333-8333-333333333333';
    const now = new Date().toISOString();
    const fields = { id, name: 'elder', state: 'idle', cli: 'codex', agent_type: 'worker', created_at: now };
    const times = { last_heartbeat: now, last_active_at: now, tasks_completed: '0', rounds_completed: '4' };
    await town.redis.cli('HSET', `tt:workspace:agent:${id}`, ...Object.entries({ ...fields, ...times }).flat());
    await town.agent('elder', ({ here }) => !here);
    await refused('cannotNow', 'adoptAgent', 'elder');
    await town.redis.cli('HSET', `tt:workspace:agent:${id}`, 'state', 'stopped');
    assert.equal(await run('adoptAgent', 'elder'), id);
    await town.agent('elder', ({ state, here }) => state === 'idle' && here);
    await run('sendMessage', 'elder', 'Good morning');
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('Good morning'));
    await run('stopAgent', 'elder');
    await town.agent('elder', ({ state }) => state === 'stopped');
  });

  it('remove an agent', async () => {
    await run('spawnAgent', 'passing');
    await town.agent('passing', ({ state }) => state === 'idle');
    await run('stopAgent', 'passing');
    await town.agent('passing', ({ state }) => state === 'stopped');
    await run('removeAgent', 'passing');
    await refused('unknownAgent', 'stopAgent', 'passing');
  });
});
