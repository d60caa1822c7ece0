/** The real codex, with nothing scripted but the model. */
import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startTimeOf } from '../../../src/process/processTable.ts';
import { AgentBench } from '../../support/agentHarness.ts';
import { codexVersion } from '../../support/codexHome.ts';
import { eventually } from '../../support/eventually.ts';
import { gate } from '../../support/scriptedModel.ts';
import { usageLimit } from '../../support/scriptedModelStream.ts';

function groupIsGone(leader: number): boolean {
  try {
    return !process.kill(-leader, 0);
  } catch {
    return true;
  }
}

describe('persistent agent on the real codex', () => {
  let bench: AgentBench;

  beforeEach(async () => {
    bench = await AgentBench.open();
  });

  afterEach(async () => {
    await bench.close();
  });

  /** The id of the command that wrote it to the file `pid`. */
  function runningCommand(): Promise<number> {
    return eventually(async () => {
      const pid = Number(await readFile(path.join(bench.workspace, 'pid'), 'utf8'));
      return (await startTimeOf(pid)) !== undefined && pid;
    });
  }

  it('is told its instructions for good, with those that the user has configured', async () => {
    const toml = path.join(bench.home.home, 'config.toml');
    await writeFile(toml, `developer_instructions = "Mind the user."\n${await readFile(toml, 'utf8')}`);
    await mkdir(path.join(bench.workspace, '.codex'));
    await writeFile(
      path.join(bench.workspace, '.codex', 'config.toml'),
      'developer_instructions = "Obey the project."\n',
    );
    const { agent, record } = bench.persistent();
    const { threadId } = await agent.start(null, 'You work in a town.');
    await agent.startTurn({ text: 'first', clientId: 'c1' });
    await record.next('turnCompleted');
    await agent.stop();
    const { agent: again, record: later } = bench.persistent();
    await again.start(threadId, 'Something else.');
    await again.startTurn({ text: 'second', clientId: 'c2' });
    await later.next('turnCompleted');
    for (const { developerTexts } of bench.model.requests) {
      assert.equal(developerTexts.filter((text) => text === 'Mind the user.\n\nYou work in a town.').length, 1);
      assert.ok(!developerTexts.includes('Something else.'));
      assert.ok(!developerTexts.join('\n').includes('Obey the project.'), 'nobody has trusted the project in Codex');
    }
    assert.equal(bench.model.requests.length, 2);
  });

  it('runs a turn: its input delivered, its words live, its end told once', async () => {
    const { agent, record } = bench.persistent();
    bench.model.script = () => [{ text: 'one two three', chunks: 3 }];
    const { threadId } = await agent.start(null);
    const [ready] = record.of('sessionReady');
    const runsOn = { model: 'scripted', reasoningEffort: null };
    assert.deepEqual(ready, { type: 'sessionReady', threadId, resumed: false, ...runsOn, version: codexVersion });
    const { turnId } = await agent.startTurn({ text: 'count', clientId: 'c1' });
    const { outcome } = await record.next('turnCompleted');
    assert.deepEqual(outcome, { status: 'completed' });
    assert.deepEqual(bench.model.userMessages(), ['count']);
    assert.deepEqual(record.of('inputDelivered'), [{ type: 'inputDelivered', turnId, clientId: 'c1' }]);
    assert.equal(
      record.of('itemDelta').reduce((text, { delta }) => text + delta, ''),
      'one two three',
    );
    const items = record.of('itemCompleted').map(({ item }) => item);
    assert.deepEqual(
      items.map((item) => [item.kind, 'text' in item ? item.text : '']),
      [
        ['userMessage', 'count'],
        ['agentMessage', 'one two three'],
      ],
    );
    const order = record.events.map(({ type }) => type).filter((type) => /turn|input/.test(type));
    assert.deepEqual(order, ['turnStarted', 'inputDelivered', 'turnCompleted']);
    assert.equal(record.of('tokensUpdated').at(-1)?.usage.totalTokens, 120);
  });

  it('shows a command with its output and exit code', async () => {
    const { agent, record } = bench.persistent();
    bench.model.script = ({ toolOutputs }) =>
      toolOutputs.length > 0 ? [{ text: 'ok' }] : [{ exec: 'echo here; exit 3' }];
    await agent.start(null);
    await agent.startTurn({ text: 'run it', clientId: 'c1' });
    await record.next('turnCompleted');
    const [command] = record.of('itemCompleted').flatMap(({ item }) => (item.kind === 'command' ? [item] : []));
    assert.equal(command?.command, 'echo here; exit 3');
    assert.equal(command.cwd, bench.workspace);
    assert.match(command.output, /here\n$/);
    assert.deepEqual([command.exitCode, command.status], [3, 'failed']);
  });

  it('steers the running turn: the model sees the text inside the same turn', async () => {
    const { agent, record } = bench.persistent();
    const held = gate();
    bench.model.script = ({ index }) =>
      index === 0 ? [{ hold: held.opened }, { text: 'first' }] : [{ text: 'second' }];
    await agent.start(null);
    const { turnId } = await agent.startTurn({ text: 'begin', clientId: 'c1' });
    await bench.model.waitForRequest(({ lastUserText }) => lastUserText === 'begin');
    assert.deepEqual(await agent.steer({ text: 'and mind the gap', clientId: 's1' }), { accepted: true });
    held.open();
    await record.next('turnCompleted');
    assert.deepEqual(bench.model.userMessages(), ['begin', 'and mind the gap']);
    assert.deepEqual(
      record.of('inputDelivered').map((event) => [event.turnId, event.clientId]),
      [
        [turnId, 'c1'],
        [turnId, 's1'],
      ],
    );
    assert.equal(record.of('turnStarted').length, 1);
  });

  it('says that there is no turn to steer or to interrupt', async () => {
    const { agent, record } = bench.persistent();
    await agent.start(null);
    assert.deepEqual(await agent.steer({ text: 'x', clientId: 's1' }), { accepted: false, reason: 'noActiveTurn' });
    await agent.startTurn({ text: 'short', clientId: 'c1' });
    await record.next('turnCompleted');
    assert.deepEqual(await agent.steer({ text: 'late', clientId: 's2' }), { accepted: false, reason: 'noActiveTurn' });
    assert.deepEqual(await agent.interrupt(), { stopped: false, reason: 'noActiveTurn' });
  });

  it('never sends a second turn while one runs', async () => {
    const { agent, record } = bench.persistent();
    const held = gate();
    bench.model.script = () => [{ hold: held.opened }, { text: 'ok' }];
    await agent.start(null);
    await agent.startTurn({ text: 'one', clientId: 'c1' });
    await assert.rejects(agent.startTurn({ text: 'two', clientId: 'c2' }), { reason: 'turnActive' });
    held.open();
    await record.next('turnCompleted');
    assert.deepEqual(bench.model.userMessages(), ['one']);
  });

  it('interrupts in the middle of a command, and the command is gone', async () => {
    const { agent, record } = bench.persistent({ sandbox: 'danger-full-access' });
    // A command that has begun to talk goes on in the background when its turn is interrupted.
    bench.model.script = () => [{ exec: 'echo $$ > pid; while sleep 0.1; do echo tick; done' }];
    await agent.start(null);
    const { turnId } = await agent.startTurn({ text: 'sleep', clientId: 'c1' });
    const pid = await runningCommand();
    await record.next('itemDelta', ({ delta }) => delta.includes('tick'));
    assert.deepEqual(await agent.interrupt(), { stopped: true, survivors: [] });
    assert.deepEqual(record.of('turnCompleted'), [
      { type: 'turnCompleted', turnId, outcome: { status: 'interrupted' } },
    ]);
    await eventually(async () => (await startTimeOf(pid)) === undefined, { what: 'The end of the command' });
    assert.equal(record.of('exited').length, 0, 'the agent stays available');
    bench.model.script = () => [{ text: 'again' }];
    await agent.startTurn({ text: 'go on', clientId: 'c2' });
    await record.next('turnCompleted', ({ outcome }) => outcome.status === 'completed');
  });

  it('interrupts at once after the start', async () => {
    const { agent, record } = bench.persistent();
    bench.model.script = () => [{ hold: new Promise(() => undefined) }];
    await agent.start(null);
    const turn = agent.startTurn({ text: 'x', clientId: 'c1' });
    assert.deepEqual(await agent.interrupt(), { stopped: true, survivors: [] });
    await turn;
    assert.equal(record.of('turnCompleted')[0]?.outcome.status, 'interrupted');
  });

  it('tells a failed turn and its reason, and being signed out', async () => {
    const { agent, record } = bench.persistent();
    bench.model.script = ({ lastUserText }) => [{ error: Number(lastUserText), message: 'no' }];
    await agent.start(null);
    await agent.startTurn({ text: '400', clientId: 'c1' });
    const failed = await record.next('turnCompleted');
    assert.equal(failed.outcome.status === 'failed' && failed.outcome.trouble, 'retry');
    await agent.startTurn({ text: '401', clientId: 'c2' });
    const signedOut = await record.next('turnCompleted', (event) => event.turnId !== failed.turnId);
    assert.equal(signedOut.outcome.status === 'failed' && signedOut.outcome.trouble, 'signedOut');
  });

  it('survives a kill in mid-turn: resumed, the history tells what was delivered', async () => {
    const first = bench.persistent();
    bench.model.script = () => [{ hold: new Promise(() => undefined) }];
    const { threadId } = await first.agent.start(null);
    const { turnId } = await first.agent.startTurn({ text: 'begin', clientId: 'c1' });
    await bench.model.waitForRequest(({ lastUserText }) => lastUserText === 'begin');
    await first.record.next('inputDelivered');
    assert.deepEqual(await first.agent.steer({ text: 'perhaps in time', clientId: 's1' }), { accepted: true });
    // The server writes it down a moment after it has accepted it: this may be too soon.
    process.kill(first.agent.pid ?? 0, 'SIGKILL');
    const exited = await first.record.next('exited');
    assert.deepEqual([exited.reason, exited.signal], ['crashed', 'SIGKILL']);
    assert.equal(first.record.of('turnCompleted').length, 0);
    assert.equal(first.agent.pid, undefined);

    const second = bench.persistent();
    assert.deepEqual(await second.agent.start(threadId), { threadId });
    assert.equal(second.record.of('sessionReady')[0]?.resumed, true);
    const fates = await second.agent.findInputs(['c1', 's1', 'never sent']);
    assert.deepEqual(fates.get('c1'), { found: true, turnId, turn: 'interrupted' });
    assert.deepEqual(fates.get('never sent'), { found: false, complete: true });
    const steered = fates.get('s1')?.found === true;
    const echoed = first.record.of('inputDelivered').some(({ clientId }) => clientId === 's1');
    assert.ok(steered || !echoed, 'what was echoed is in the history');
    bench.model.script = () => [{ text: 'ok' }];
    await second.agent.startTurn({ text: 'continue', clientId: 'c2' });
    await second.record.next('turnCompleted');
    // The history tells the truth: the model is told exactly what was found there.
    const told = steered ? ['begin', 'perhaps in time', 'continue'] : ['begin', 'continue'];
    assert.deepEqual(bench.model.userMessages(), told);
    assert.equal(first.record.of('exited').length, 1);
  });

  it('finds in the history why a turn was refused, for the process after it', async () => {
    const first = bench.persistent();
    bench.model.script = () => [usageLimit(Math.floor(Date.now() / 1_000) + 3_600)];
    const { threadId } = await first.agent.start(null);
    await first.agent.startTurn({ text: 'begin', clientId: 'c1' });
    await first.record.next('turnCompleted');
    process.kill(first.agent.pid ?? 0, 'SIGKILL');
    await first.record.next('exited');

    const second = bench.persistent();
    await second.agent.start(threadId);
    const fate = (await second.agent.findInputs(['c1'])).get('c1');
    assert.ok(fate?.found);
    assert.deepEqual([fate.turn, fate.refusal?.trouble], ['failed', 'usedUp']);
  });

  it('can be started again after a crash, on the same thread', async () => {
    const { agent, record } = bench.persistent();
    const { threadId } = await agent.start(null);
    await agent.startTurn({ text: 'one', clientId: 'c1' });
    await record.next('turnCompleted');
    process.kill(agent.pid ?? 0, 'SIGKILL');
    await record.next('exited');
    await assert.rejects(agent.startTurn({ text: 'two', clientId: 'c2' }), { reason: 'notRunning' });
    assert.deepEqual(await agent.start(threadId), { threadId });
    const { turnId } = await agent.startTurn({ text: 'two', clientId: 'c2' });
    await record.next('turnCompleted', (event) => event.turnId === turnId);
    assert.deepEqual(bench.model.userMessages(), ['one', 'two']);
  });

  for (const threadId of ['01a202c0-8d72-76d1-8f0c-d76a27eee851', 'not an id']) {
    it(`says that the thread ${threadId} is lost, and leaves no process`, async () => {
      const { agent, record } = bench.persistent();
      await assert.rejects(agent.start(threadId), { reason: 'threadLost' });
      assert.equal(agent.pid, undefined);
      assert.deepEqual(record.events, []);
      await eventually(async () => (await bench.registry.list()).length === 0);
    });
  }

  it('says that a thread is lost whose process was killed as it made its file', async () => {
    const threadId = '01a203ef-0128-7613-b217-f28e91ca8e2c';
    const sessions = path.join(bench.home.home, 'sessions/2026/11/22');
    await mkdir(sessions, { recursive: true });
    await writeFile(path.join(sessions, `rollout-2026-11-22T15-45-24-${threadId}.jsonl`), '');
    await assert.rejects(bench.persistent().agent.start(threadId), { reason: 'threadLost' });
  });

  it('says that another process still writes the thread, and gets it once that one has ended', async () => {
    const first = bench.persistent();
    const { threadId } = await first.agent.start(null);
    await first.agent.startTurn({ text: 'mine', clientId: 'c1' });
    await first.record.next('turnCompleted');
    await assert.rejects(bench.persistent().agent.start(threadId), { reason: 'threadBusy' });
    bench.logged.length = 0;
    const patient = bench.persistent().agent.start(threadId);
    await eventually(() => bench.logged.some((line) => line.includes('is still writing the thread')));
    await first.agent.stop();
    assert.deepEqual(await patient, { threadId });
  });

  it('stops in mid-turn without a trace', async () => {
    const { agent, record } = bench.persistent({ sandbox: 'danger-full-access' });
    bench.model.script = () => [{ exec: 'echo $$ > pid; exec sleep 300' }];
    await agent.start(null);
    await agent.startTurn({ text: 'sleep', clientId: 'c1' });
    const command = await runningCommand();
    const server = agent.pid ?? 0;
    await Promise.all([agent.stop(), agent.stop()]);
    assert.deepEqual(
      record.of('exited').map(({ reason }) => reason),
      ['stopped'],
    );
    await eventually(() => groupIsGone(server), { what: 'The end of the group' });
    await eventually(async () => (await startTimeOf(command)) === undefined, { what: 'The end of the command' });
    await assert.rejects(agent.start(null), { reason: 'notRunning' });
    await eventually(async () => (await bench.registry.list()).length === 0);
  });

  it('can be stopped while it starts', async () => {
    const { agent, record } = bench.persistent();
    const starting = agent.start(null);
    const [started] = await Promise.allSettled([starting, agent.stop()]);
    assert.equal(started.status, 'rejected');
    assert.equal(record.of('exited').length, record.of('sessionReady').length);
    await eventually(async () => (await bench.registry.list()).length === 0);
  });

  it('does not count as started if its process ends while its tools start', async () => {
    const started = path.join(bench.workspace, 'started');
    const slow = { command: 'sh', args: ['-c', 'sleep 1; touch "$0"; sleep 60', started] };
    const { agent } = bench.persistent({ threadConfig: { mcp_servers: { slow } } });
    const start = agent.start(null);
    start.catch(() => undefined);
    await eventually(async () => (await stat(started)).isFile(), { what: 'a tool that starts' });
    assert.ok(agent.pid);
    process.kill(-agent.pid, 'SIGKILL');
    await assert.rejects(start, { reason: 'notRunning' });
  });

  it('shares one start among concurrent calls', async () => {
    const { agent, record } = bench.persistent();
    const [first, second] = await Promise.all([agent.start(null), agent.start(null)]);
    assert.deepEqual(first, second);
    assert.equal(record.of('sessionReady').length, 1);
  });

  it('tells a missing program by reason', async () => {
    const { agent } = bench.persistent({ codexPath: '/no/such/codex' });
    await assert.rejects(agent.start(null), { reason: 'programUnusable' });
  });

  it('starts several agents at the same moment', async () => {
    const agents = [1, 2, 3].map(() => bench.persistent());
    await Promise.all(agents.map(({ agent }) => agent.start(null)));
    await Promise.all(
      agents.map(({ agent }, index) => agent.startTurn({ text: `task ${index}`, clientId: `c${index}` })),
    );
    await Promise.all(agents.map(({ record }) => record.next('turnCompleted')));
    assert.deepEqual(bench.model.requests.map(({ lastUserText }) => lastUserText).toSorted(), [
      'task 0',
      'task 1',
      'task 2',
    ]);
  });
});
