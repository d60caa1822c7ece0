/** A Codex that ends hard cannot end the commands that it runs, each in a group of its own: they are ended after it. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type MockFunctionContext, mock } from 'node:test';
import { ChildGroups } from '../../../src/process/childGroups.ts';
import { startTimeOf } from '../../../src/process/processTable.ts';
import { oneShotCommand } from '../../../src/runtime/clis.ts';
import type { OneShotAgent } from '../../../src/runtime/oneShotAgent.ts';
import type { PersistentAgent } from '../../../src/runtime/persistentAgent.ts';
import { AgentBench, type Recording } from '../../support/agentHarness.ts';
import { codexPath } from '../../support/codexHome.ts';
import { eventually } from '../../support/eventually.ts';

describe('commands of a Codex that ends hard', () => {
  let bench: AgentBench;
  let looks: MockFunctionContext<ChildGroups['look']>;
  let soon: MockFunctionContext<ChildGroups['lookSoon']>;
  const names = ['shell', 'deaf', 'free'] as const;
  let pids: Record<(typeof names)[number], number>;

  beforeEach(async () => {
    bench = await AgentBench.open();
    ({ mock: looks } = mock.method(ChildGroups.prototype, 'look'));
    ({ mock: soon } = mock.method(ChildGroups.prototype, 'lookSoon'));
    // The command itself, one that takes no notice of signals, and one that has left the command's group.
    const deaf = '(trap "" TERM HUP; echo $BASHPID > deaf; sleep 301)';
    const free = 'setsid sh -c "echo \\$\\$ > free; exec sleep 302"';
    bench.model.script = () => [{ exec: `${deaf} & ${free} & echo $$ > shell; sleep 303` }];
  });

  function session(): { agent: PersistentAgent; record: Recording } {
    const limits = { steerMs: 500, interruptMs: 500 };
    return bench.persistent({ sandbox: 'danger-full-access', limits });
  }

  function codexExec(): ReturnType<AgentBench['oneShot']> {
    const settings = { overrides: {}, codexPath, sandbox: 'danger-full-access', approvalPolicy: 'never' } as const;
    return bench.oneShot(oneShotCommand('codex', settings));
  }

  function numberIn(name: string): Promise<number> {
    return eventually(async () => Number(await readFile(path.join(bench.workspace, name), 'utf8')) || undefined);
  }

  async function atWork(agent: PersistentAgent | OneShotAgent): Promise<void> {
    await agent.start(null);
    await agent.startTurn({ text: 'work', clientId: 'c1' });
    const [shell, deafPid, freePid] = await Promise.all(names.map(numberIn));
    assert.ok(shell && deafPid && freePid);
    pids = { shell, deaf: deafPid, free: freePid };
  }

  afterEach(async () => {
    mock.restoreAll();
    process.kill(pids.free, 'SIGKILL');
    await bench.close();
  });

  /** They were looked for soon after they were started; on a slow machine too soon, so that is done once more, in the same way. */
  async function areRemembered(): Promise<void> {
    const [asked] = await eventually(() => soon.calls.length > 0 && soon.calls);
    const before = looks.calls.length;
    const groups = asked?.this;
    assert.ok(groups instanceof ChildGroups);
    groups.lookSoon();
    await eventually(() => looks.calls.length > before);
    for (const { result } of looks.calls) await result;
    const [recorded] = await bench.registry.list();
    assert.ok(
      recorded?.groups?.some(({ pid }) => pid === pids.shell),
      'the next window knows of them, too',
    );
  }

  async function onlyTheFreeOneIsLeft(): Promise<void> {
    for (const name of ['shell', 'deaf'] as const) {
      await eventually(async () => (await startTimeOf(pids[name])) === undefined, { what: `The end of ${name}` });
    }
    assert.ok(await startTimeOf(pids.free), 'what was to live on does');
  }

  it('are gone when its exit is told after it was killed', async () => {
    const { agent, record } = session();
    await atWork(agent);
    await areRemembered();
    process.kill(agent.pid ?? Number.NaN, 'SIGKILL');
    await record.next('exited');
    await onlyTheFreeOneIsLeft();
  });

  it('are gone when it hung and was ended for that', async () => {
    const { agent } = session();
    await atWork(agent);
    process.kill(agent.pid ?? Number.NaN, 'SIGSTOP');
    const { stopped } = await agent.interrupt();
    assert.ok(stopped);
    await onlyTheFreeOneIsLeft();
  });

  it('are gone when it hung as it was stopped', async () => {
    const { agent } = session();
    await atWork(agent);
    process.kill(agent.pid ?? Number.NaN, 'SIGSTOP');
    await agent.stop();
    await onlyTheFreeOneIsLeft();
  });

  it('are gone when a process of one turn is interrupted, which names the one that lives on', async () => {
    const { agent } = codexExec();
    await atWork(agent);
    assert.deepEqual(await agent.interrupt(), { stopped: true, survivors: [`process ${pids.free} (sleep 302)`] });
    await onlyTheFreeOneIsLeft();
  });

  it('are gone when a process of one turn was killed', async () => {
    const { agent, record } = codexExec();
    await atWork(agent);
    await areRemembered();
    process.kill(agent.pid ?? Number.NaN, 'SIGKILL');
    await record.next('turnCompleted');
    await onlyTheFreeOneIsLeft();
  });
});
