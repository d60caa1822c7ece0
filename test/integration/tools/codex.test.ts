/** Agents of the real Codex use their tools, in a sandbox that lets no command reach Redis. */
import assert from 'node:assert/strict';
import { appendFile, chmod, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { TOOLS_SERVER } from '../../../src/runtime/toolsServer.ts';
import { SUPERVISOR_ID } from '../../../src/town/keys.ts';
import { accessTo } from '../../support/access.ts';
import { describeError } from '../../../src/util/errors.ts';
import { inEnglish } from '../../../src/util/sentence.ts';
import { builtBundles } from '../../support/bundles.ts';
import { eventually } from '../../support/eventually.ts';
import { type ModelRequest, agentOf } from '../../support/scriptedModel.ts';
import { type Ran, runToEnd } from '../../support/toolProcesses.ts';
import {
  type TestTown,
  agentWhen,
  allowProgram,
  closesAfterEach,
  completeTask,
  startTestTown,
  taskTool,
} from '../../support/testTown.ts';

const taskOf = ({ userTexts }: ModelRequest): string =>
  /\bTask ([0-9a-f-]{36})/.exec(userTexts.at(-1) ?? '')?.[1] ?? '';

describe('agents on Codex and their town', () => {
  let town: TestTown;

  closesAfterEach(() => town);

  for (const persistent of [true, false]) {
    for (const approvalPolicy of ['on-request', 'untrusted'] as const) {
      it(`complete a task by tool: ${persistent ? 'session' : 'process per turn'}, ${approvalPolicy}`, async () => {
        town = await startTestTown((request) => {
          const { toolOutputs } = request;
          if (toolOutputs.length > 0) return [{ text: 'done' }];
          return [taskTool('task_complete', { task_id: taskOf(request), result: 'as was asked' })];
        });
        const session = await town.open({ sandbox: 'workspace-write', approvalPolicy, persistent });
        await session.actions.spawnAgent({ name: 'backend', task: 'write the parser' });
        assert.equal(await taskEnds(session), 'as was asked');
        const done = await agentWhen(session, 'backend', ({ roundsCompleted }) => roundsCompleted === 1, 'one round');
        assert.deepEqual([done.tasksCompleted, done.currentTask], [1, undefined]);
        const { developerTexts = [], lastUserText = '' } = town.model.requests[0] ?? {};
        assert.match([...developerTexts, lastUserText].join('\n'), /call task_complete with/);
        await eventually(() => session.mirror.waiting(SUPERVISOR_ID).inbox === 1, { what: 'the supervisor is told' });
      });
    }
  }

  it('claim from the backlog and finish in one turn: one turn it is', async () => {
    town = await startTestTown((request) => {
      const { toolOutputs } = request;
      const claimable = /^- ([0-9a-f-]{36}) \[backend\]/m.exec(request.lastUserText)?.[1];
      if (toolOutputs.length === 0) return [taskTool('backlog_claim', { task_id: claimable })];
      if (toolOutputs.length === 1) return [taskTool('task_complete', { result: 'claimed and done' })];
      return [{ text: 'done' }];
    });
    const session = await town.open({ sandbox: 'workspace-write' }, { quietMs: 20 });
    await session.pickup.set('yes');
    await session.actions.spawnAgent({ name: 'backend' });
    await agentWhen(session, 'backend', ({ state }) => state === 'idle', 'idle');
    const { stdout } = await tt(town, ['backlog', 'add', 'an endpoint', '--tags', 'backend']);
    assert.match(stdout, /Added task/);
    assert.equal(await taskEnds(session), 'claimed and done');
    const done = await agentWhen(session, 'backend', (it) => it.state === 'idle' && it.roundsCompleted > 0, 'idle');
    assert.deepEqual([done.roundsCompleted, session.mirror.waiting(done.id).inbox], [1, 0]);
    assert.equal(town.model.requests.length, 3);
  });

  it('speak with each other and with the supervisor, whose answer reaches them', async () => {
    town = await startTestTown((request) => {
      const { lastUserText, toolOutputs } = request;
      const texts = request.userTexts.join('\n');
      if (toolOutputs.length > 0) return [{ text: 'done' }];
      if (agentOf(request) === 'backend') {
        return [
          taskTool('task_complete', { result: 'built' }),
          taskTool('send', { agent: 'reviewer', text: 'please review', kind: 'task' }),
        ];
      }
      if (lastUserText.includes('please review'))
        return [taskTool('send', { agent: 'supervisor', text: 'ship it?', kind: 'query' })];
      return [{ text: texts.includes('yes, ship it') ? 'shipping' : 'waiting' }];
    });
    const session = await town.open({ sandbox: 'workspace-write' });
    await session.actions.spawnAgent({ name: 'reviewer' });
    await session.actions.spawnAgent({ name: 'backend', task: 'build' });
    await eventually(() => session.mirror.waiting(SUPERVISOR_ID).inbox === 2, {
      what: 'the end of the task and the question',
    });
    const { stdout } = await tt(town, ['inbox']);
    assert.match(stdout, /task_done from backend: \S+ built/);
    assert.match(stdout, /query from reviewer: ship it\?/);
    await session.actions.sendMessage('reviewer', 'yes, ship it');
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('yes, ship it'));
  });

  it('gets no secret in what Codex keeps, and keeps its own MCP servers', async () => {
    town = await startTestTown(completeTask);
    const { mcp } = await builtBundles();
    const other = `\n[mcp_servers.other]\ncommand = ${JSON.stringify(process.execPath)}\nargs = [${JSON.stringify(mcp)}]\n`;
    await appendFile(path.join(town.codexHome, 'config.toml'), other);
    const session = await town.open({ sandbox: 'workspace-write' });
    await session.actions.spawnAgent({ name: 'backend', task: 'look around' });
    await taskEnds(session);
    const { tools } = town.model.requests[0]?.body ?? {};
    const names = (tools ?? []).map((tool) => tool['name']);
    assert.ok(names.includes(`mcp__${TOOLS_SERVER}`) && names.includes('mcp__other'), names.join());
    for (const file of await readdir(path.join(town.codexHome, 'sessions'), { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const kept = await readFile(path.join(file.parentPath, file.name), 'utf8');
      assert.ok(!kept.includes(town.redis.url), file.name);
    }
    assert.ok(!town.log.some((line) => line.includes('REDIS_URL')));
  });

  it('works beside a server that the user calls tinytown', async () => {
    town = await startTestTown(completeTask);
    const own = '\n[mcp_servers.tinytown]\nurl = "http://127.0.0.1:9/mcp"\nstartup_timeout_sec = 1\n';
    await appendFile(path.join(town.codexHome, 'config.toml'), own);
    const session = await town.open({ sandbox: 'workspace-write' });
    await session.actions.spawnAgent({ name: 'backend', task: 'look around' });
    assert.equal(await taskEnds(session), 'as was asked');
  });

  it('says so where the tools do not start, on the agent and in its prompt, instead of promising them', async () => {
    town = await startTestTown();
    const bundles = { ...(await builtBundles()), mcp: path.join(town.folder, 'missing.cjs') };
    const session = await town.open({ sandbox: 'workspace-write' }, undefined, { bundles });
    const problems: string[] = [];
    session.runner.onProblem(({ error }) => problems.push(describeError(error)));
    const { id } = await session.actions.spawnAgent({ name: 'backend', task: 'look around' });
    await agentWhen(session, 'backend', (it) => it.roundsCompleted === 1, 'one round');
    const { lastUserText = '' } = town.model.requests[0] ?? {};
    assert.match(lastUserText, /The tools of the town did not start/);
    assert.ok(!lastUserText.includes(TOOLS_SERVER) && !lastUserText.includes('call task_complete'), lastUserText);
    assert.match(problems.join('\n'), /did not start for backend/);
    assert.ok(inEnglish(session.runner.view(id).lastError ?? '').includes(TOOLS_SERVER));
    assert.ok(town.log.some((line) => line.includes('did not start for backend')));
  });

  it('is a command for other CLIs: on their PATH, as the agent itself', async () => {
    town = await startTestTown();
    const script = path.join(town.folder, 'agent.sh');
    await writeFile(
      script,
      '#!/bin/sh\ncat > prompt.txt\ntt task complete --result "by $TINYTOWN_AGENT_NAME"\ntt send supervisor --info "$(tt status | head -1)"\n',
    );
    await chmod(script, 0o700);
    const session = await town.open({ agentClis: { mine: { command: JSON.stringify(script) } } });
    await allowProgram(session, 'mine');
    await session.actions.spawnAgent({ name: 'docs', cli: 'mine', task: 'write the manual' });
    assert.equal(await taskEnds(session), 'by docs');
    await agentWhen(session, 'docs', (it) => it.roundsCompleted === 1 && it.state === 'idle', 'one round');
    const prompt = await readFile(path.join(town.folder, 'prompt.txt'), 'utf8');
    assert.match(prompt, /tt task complete [0-9a-f-]{36} --result/);
    const { stdout } = await tt(town, ['inbox']);
    assert.match(stdout, /informational from docs: Town test-town\. You are docs\./);
  });
});

/** The result of the first task that is completed. */
function taskEnds(session: TownSession): Promise<string> {
  return eventually(() => [...session.mirror.tasks.values()].find(({ state }) => state === 'completed')?.result, {
    what: 'a completed task',
  });
}

/** Runs our `tt` as a person in the town’s folder. */
async function tt(town: TestTown, args: readonly string[]): Promise<Ran> {
  const { tt: bundle } = await builtBundles();
  const access = await accessTo(town.storage, { town: 'test-town', url: town.redis.url });
  const env = { PATH: process.env['PATH'], ...access };
  return await runToEnd(process.execPath, [bundle, ...args], { env, cwd: town.folder });
}
