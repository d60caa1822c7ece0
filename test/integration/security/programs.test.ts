/** Nobody but the user chooses which programs run in a town, and how many. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { AgentProgram } from '../../../src/loop/agent/loopParts.ts';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { eventually } from '../../support/eventually.ts';
import { plantAgent } from '../../support/plantAgent.ts';
import { gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';
import { runTt, ttBinary } from '../../support/tt.ts';

/** What `tt init` 0.10.0 writes of agents, for machines without it. */
const writtenByTt = `name = "test-town"
default_cli = "claude"
max_agents = 10

[agent]
idle_timeout_secs = 300

[agent_clis.codex]
name = "codex"
command = "codex exec --dangerously-bypass-approvals-and-sandbox"

[agent_clis.codex-mini]
name = "codex-mini"
command = 'codex exec --dangerously-bypass-approvals-and-sandbox -m gpt-5.4-mini -c model_reasoning_effort="medium"'

[agent_clis.claude]
name = "claude"
command = "claude --print --dangerously-skip-permissions"
`;

function programOf(session: TownSession, id: string): AgentProgram | undefined {
  return session.runner.view(id).program;
}

describe('programs', () => {
  let town: TestTown;

  closesAfterEach(() => town);

  /** A program that leaves a trace when it runs. */
  async function traced(name: string): Promise<{ command: string; ran: () => boolean; env: () => Promise<string> }> {
    const [file, trace] = [path.join(town.storage, name), path.join(town.storage, `${name}.trace`)];
    await writeFile(file, `#!/bin/sh\necho "$CHOSEN" >> '${trace}'\ncat > /dev/null\necho done\n`);
    await chmod(file, 0o700);
    return { command: file, ran: () => existsSync(trace), env: () => readFile(trace, 'utf8') };
  }

  it('a record and a message start none that the user has not allowed here, not even one of their own settings', async () => {
    town = await startTestTown();
    const mine = await traced('mine');
    const session = await town.open({ agentClis: { mine: { command: mine.command } } });
    const ids = await Promise.all([
      plantAgent(town, 'planted', { cli: 'mine' }),
      plantAgent(town, 'planted-idle', { cli: 'mine', state: 'idle' }),
      plantAgent(town, 'claude', { cli: 'claude' }),
    ]);
    // All of them have been looked at once this one has worked.
    await session.actions.spawnAgent({ name: 'codex', task: 'look around' });
    await agentWhen(session, 'codex', (it) => it.roundsCompleted === 1, 'one round');
    for (const id of ids) {
      await eventually(() => programOf(session, id)?.answer === 'open', { what: 'the question' });
      assert.equal(session.mirror.waiting(id).inbox, 1, 'its message waits');
      assert.equal(session.runner.view(id).pid, undefined);
    }
    assert.equal(mine.ran(), false);
    const [planted] = ids;
    const program = programOf(session, planted);
    assert.ok(program);
    assert.deepEqual(program.claim, { kind: 'program', cli: 'mine', command: mine.command, env: {} });
    await session.trust.confirmations.confirm(program.claim);
    await agentWhen(session, 'planted', (it) => it.roundsCompleted === 1, 'one round');
    await agentWhen(session, 'planted-idle', (it) => it.roundsCompleted === 1, 'one round');
    assert.ok(mine.ran());
    assert.equal(programOf(session, planted), undefined);
  });

  it('one that is declined does not run, and is asked for again by the next window', async () => {
    town = await startTestTown();
    const mine = await traced('mine');
    const settings = { agentClis: { mine: { command: mine.command } } };
    const session = await town.open(settings);
    const agent = await session.actions.spawnAgent({ name: 'worker', cli: 'mine', task: 'go on' });
    const program = await eventually(() => programOf(session, agent.id), { what: 'the question' });
    await session.trust.confirmations.decline(program.claim);
    await agentWhen(session, 'worker', (_record, view) => view.program?.answer === 'declined', 'declined');
    await session.close();
    const later = await town.open(settings);
    await agentWhen(later, 'worker', (_record, view) => view.program?.answer === 'open', 'asked for');
    await later.trust.confirmations.confirm(program.claim);
    await agentWhen(later, 'worker', (it) => it.roundsCompleted === 1, 'one round');
    assert.ok(mine.ran());
  });

  it('the word for one holds as long as its command and its environment are the same', async () => {
    town = await startTestTown();
    const mine = await traced('mine');
    const settings = { agentClis: { mine: { command: mine.command, env: { CHOSEN: 'first' } } } };
    const first = await town.open(settings);
    const agent = await first.actions.spawnAgent({ name: 'worker', cli: 'mine', task: 'go on' });
    const program = await eventually(() => programOf(first, agent.id), { what: 'the question' });
    await first.trust.confirmations.confirm(program.claim);
    await agentWhen(first, 'worker', (it) => it.roundsCompleted === 1, 'one round');
    await first.close();
    const again = await town.open(settings);
    await again.actions.sendMessage('worker', 'go on');
    await agentWhen(again, 'worker', (it) => it.roundsCompleted === 2, 'a second round, unasked');
    await again.close();
    const changed = await town.open({ agentClis: { mine: { command: mine.command, env: { CHOSEN: 'second' } } } });
    await changed.actions.sendMessage('worker', 'go on');
    await agentWhen(changed, 'worker', (_record, view) => view.program?.answer === 'open', 'asked for');
    assert.equal(await mine.env(), 'first\nfirst\n');
  });

  it('tinytown.toml chooses neither a program nor its arguments, environment, sandbox or approval policy', async () => {
    town = await startTestTown(({ index }) => (index === 0 ? [{ exec: 'echo x > planted.txt' }] : [{ text: 'done' }]));
    const evil = await traced('evil');
    await writeFile(
      path.join(town.folder, 'tinytown.toml'),
      `name = "test-town"\ndefault_cli = "evil"\n[agent]\npersistent = false\n` +
        `[agent_clis.evil]\ncommand = "${evil.command}"\n[agent_clis.evil.env]\nCHOSEN = "yes"\n` +
        `[agent_clis.codex]\ncommand = "${evil.command}"\n`,
    );
    const session = await town.open({
      sandbox: 'read-only',
      workspace: { sandbox: 'danger-full-access', approvalPolicy: 'never', cli: 'evil', persistent: false },
    });
    const agent = await session.actions.spawnAgent({ name: 'worker', task: 'go on' });
    assert.equal(agent.cli, 'codex');
    // One that runs Codex anew for each turn would run what the file calls Codex.
    const oneShot = await plantAgent(town, 'one-shot', { cli: 'codex', persistent: 'false' });
    await agentWhen(session, 'worker', (it, view) => view.requests.length > 0 || it.roundsCompleted > 0, 'at work');
    await eventually(() => programOf(session, oneShot)?.claim.command === evil.command, { what: 'the question' });
    assert.equal(session.runner.view(agent.id).mode, 'persistent');
    assert.ok(!existsSync(path.join(town.folder, 'planted.txt')));
    assert.equal(evil.ran(), false);
  });

  it('what `tt init` writes for Codex is not the user’s choice: our sandbox holds, and its commands are shown', async () => {
    // Codex 0.171 does not always report a command that fails at once because the sandbox stopped it; this one succeeds.
    town = await startTestTown(({ toolOutputs }) =>
      toolOutputs.length === 0 ? [{ exec: 'echo x > planted.txt || true' }] : [{ text: 'done' }],
    );
    const file = path.join(town.folder, 'tinytown.toml');
    const binary = ttBinary();
    if (binary === undefined) await writeFile(file, writtenByTt);
    else {
      await rm(file);
      await runTt(binary, { folder: town.folder, redisUrl: town.redis.url }, 'init', '--name', 'test-town');
    }
    assert.match(await readFile(file, 'utf8'), /codex exec --dangerously-bypass-approvals-and-sandbox/);
    const session = await town.open({ sandbox: 'read-only', approvalPolicy: 'untrusted', persistent: false });
    const agent = await session.actions.spawnAgent({ name: 'worker', cli: 'codex', task: 'write a file' });
    await agentWhen(session, 'worker', (it) => it.roundsCompleted === 1 && it.state === 'idle', 'one round');
    const view = session.runner.view(agent.id);
    assert.equal(view.mode, 'one-shot');
    assert.ok(!existsSync(path.join(town.folder, 'planted.txt')), 'the sandbox holds');
    const items = view.pastTurns.flatMap((turn) => turn.items);
    assert.ok(
      items.some((item) => item.kind === 'command' && item.command.includes('planted.txt')),
      JSON.stringify(items),
    );
  });

  it('records start no more than maxAgents, and none of those that wait is forgotten', async () => {
    const held = gate();
    town = await startTestTown(() => [{ hold: held.opened }, { text: 'done' }]);
    const session = await town.open({ maxAgents: 2 });
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) await plantAgent(town, name, { cli: 'codex', state: name === 'e' ? 'idle' : 'cold' });
    const views = (): ReturnType<TownSession['runner']['view']>[] =>
      [...session.mirror.agents.keys()].map((id) => session.runner.view(id));
    const pids = (): number => views().filter(({ pid }) => pid !== undefined).length;
    await eventually(() => views().filter(({ waitsForRoom }) => waitsForRoom).length === 3, {
      what: 'three that wait',
    });
    await eventually(() => pids() === 2, { what: 'two that run' });
    const most = { pids: 0 };
    session.runner.onDidChangeView(() => (most.pids = Math.max(most.pids, pids())));
    held.open();
    for (const name of names) await agentWhen(session, name, (it) => it.roundsCompleted === 1, 'one round');
    assert.equal(most.pids, 2);
  });

  it('records start no more than maxAgents of a town either where several windows share it', async () => {
    const held = gate();
    town = await startTestTown(() => [{ hold: held.opened }, { text: 'done' }]);
    const windows = await Promise.all([town.open({ maxAgents: 2 }), town.open({ maxAgents: 2 })]);
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) await plantAgent(town, name, { cli: 'codex' });
    const ids = (): string[] => [...windows[0].mirror.agents.keys()];
    const pids = (): number =>
      windows.flatMap(({ runner }) => ids().filter((id) => runner.view(id).pid !== undefined)).length;
    const most = { pids: 0 };
    for (const { runner } of windows) runner.onDidChangeView(() => (most.pids = Math.max(most.pids, pids())));
    await eventually(() => pids() === 2, { what: 'two that run' });
    await eventually(
      () => windows.flatMap(({ runner }) => ids().filter((id) => runner.view(id).waitsForRoom)).length >= 3,
      {
        what: 'three that wait',
      },
    );
    held.open();
    for (const name of names) await agentWhen(windows[0], name, (it) => it.roundsCompleted === 1, 'one round');
    assert.equal(most.pids, 2);
  });
});
