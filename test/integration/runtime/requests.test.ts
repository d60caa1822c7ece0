/** What the real codex asks people, and what becomes of it. */
import assert from 'node:assert/strict';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { AgentRequest } from '../../../src/runtime/agentRequest.ts';
import type { PersistentAgentOptions } from '../../../src/runtime/persistentAgent.ts';
import { startTimeOf } from '../../../src/process/processTable.ts';
import { AgentBench, type Recording } from '../../support/agentHarness.ts';
import { eventually } from '../../support/eventually.ts';
import { type Step, gate } from '../../support/scriptedModel.ts';

type Of<K> = Extract<AgentRequest, { kind: K }>;
const never = gate();

async function asked<K extends AgentRequest['kind']>(record: Recording, kind: K, place = 0): Promise<Of<K>> {
  const { request } = await eventually(() => record.of('requestAsked')[place], {
    what: 'a request',
  });
  assert.equal(request.kind, kind);
  return request as Of<K>;
}

function over(record: Recording, count = 1): Promise<string> {
  return eventually(() => record.of('turnCompleted')[count - 1]?.outcome.status, {
    what: 'the end',
  });
}

function withdrawn(record: Recording): string[] {
  return record.of('requestWithdrawn').map(({ reason }) => reason);
}

const question = (id: string) => ({
  id,
  header: 'Colour',
  question: 'Which?',
  options: [
    { label: 'red', description: 'warm' },
    { label: 'blue', description: 'cold' },
  ],
});

function numberIn(file: string): Promise<number> {
  return eventually(async () => Number(await readFile(file, 'utf8')) || undefined);
}

/** Codex joins each with its shell to one line, in four ways of quoting. */
const everydayCommands = [
  'ls',
  'npm test',
  "x/bash -lc 'npm test'",
  "echo $A; rm -rf 'build dir'; echo $B",
  `git commit -m "it's done"`,
  String.raw`echo 'a\b'`,
  String.raw`grep -rn '\$x' "a b"`,
  'git show HEAD^',
  '^x',
  "printf '%s\\n' `date`",
  `awk '{print $1}' f | sort -u`,
  'echo "$HOME" !x && true',
  `sed -i 's/a/b/g' "it's" $X`,
  "cat <<'E'\nhi $x\nE",
  'echo é "日本"',
  String.raw`echo "a" 'b' \c`,
  'for f in *.ts; do echo "$f"; done',
  `node -e 'console.log("a", \`b\`)'`,
  'echo \u200bhidden',
];

describe('requests of the real codex to people', () => {
  let bench: AgentBench;

  beforeEach(async () => {
    bench = await AgentBench.open();
  });

  afterEach(async () => {
    await bench.close();
  });

  /** An agent whose every turn calls `step` once, then says "ok". */
  async function asking(step: Step | (() => Step), options: Partial<PersistentAgentOptions> = {}) {
    bench.model.script = ({ toolOutputs }) => [
      toolOutputs.length > 0 ? { text: 'ok' } : typeof step === 'function' ? step() : step,
    ];
    const { agent, record } = bench.persistent(options);
    await agent.start(null);
    let turns = 0;
    const turn = async () => {
      turns += 1;
      return agent.startTurn({ text: `turn ${turns}`, clientId: `c${turns}` });
    };
    const toolOutput = (): string => bench.model.requests.at(-1)?.toolOutputs[0] ?? '';
    return { agent, record, turn, toolOutput };
  }

  function exists(name: string): Promise<boolean> {
    return access(path.join(bench.workspace, name)).then(
      () => true,
      () => false,
    );
  }

  it('asks to leave the sandbox, and runs the command once that is approved', async () => {
    const { agent, record, turn } = await asking({ exec: 'touch there', escalate: 'May I?' }, { sandbox: 'read-only' });
    const { turnId } = await turn();
    const request = await asked(record, 'command');
    const { id, itemId, askedAt, choices, ...rest } = request;
    assert.deepEqual(rest, {
      turnId,
      kind: 'command',
      command: 'touch there',
      cwd: bench.workspace,
      reason: 'May I?',
      input: false,
      permissions: [],
      subAgent: null,
    });
    assert.equal(record.of('itemStarted').find(({ item }) => item.kind === 'command')?.item.id, itemId);
    assert.ok(Math.abs(askedAt - Date.now()) < 60_000);
    assert.deepEqual(
      choices.map(({ label, detail }) => [label, detail]),
      [
        ['approve', null],
        ['approveAlways', 'touch there'],
        ['decline', null],
        ['cancel', null],
      ],
    );
    assert.equal(await exists('there'), false);
    await agent.answer(id, { choice: 'approve' });
    await assert.rejects(agent.answer(id, { choice: 'approve' }), { reason: 'requestGone' });
    assert.equal(await over(record), 'completed');
    assert.equal(await exists('there'), true);
    assert.deepEqual(withdrawn(record), ['answered']);
  });

  it('shows exactly the command that is to run, however Codex has quoted it', async () => {
    let exec = '';
    const { agent, record, turn } = await asking(() => ({ exec, escalate: 'May I?' }));
    for (const [place, script] of everydayCommands.entries()) {
      exec = script;
      await turn();
      const { id, command } = await asked(record, 'command', place);
      assert.equal(command, script);
      await agent.answer(id, { choice: 'decline' });
      assert.equal(await over(record, place + 1), 'completed');
    }
  });

  it('names a program of the agent’s own that stands in for a shell', async () => {
    const shell = path.join(bench.workspace, 'x', 'bash');
    await mkdir(path.dirname(shell));
    await writeFile(shell, '#!/bin/sh\ntouch planted\n', { mode: 0o755 });
    const { agent, record, turn } = await asking({
      tool: {
        name: 'exec_command',
        arguments: { cmd: 'true', shell, sandbox_permissions: 'require_escalated', justification: 'May I?' },
      },
    });
    await turn();
    const { id, command } = await asked(record, 'command');
    await agent.answer(id, { choice: 'approve' });
    assert.equal(await over(record), 'completed');
    // Codex 0.171 takes the system's shell of that name; a version that obeys must be shown as it does.
    assert.equal(command, (await exists('planted')) ? `${shell} -lc true` : 'true');
  });

  it('goes on without the command when that is declined', async () => {
    const { agent, record, turn, toolOutput } = await asking({ exec: 'touch there', escalate: 'May I?' });
    await turn();
    const { id } = await asked(record, 'command');
    await assert.rejects(agent.answer(id, { choice: 'approveForSession' }), { reason: 'badAnswer' });
    await agent.answer(id, { choice: 'decline' });
    assert.equal(await over(record), 'completed');
    assert.match(toolOutput(), /rejected by user/);
    assert.equal(await exists('there'), false);
  });

  it('ends the turn when that is chosen', async () => {
    const { agent, record, turn } = await asking({ exec: 'touch there', escalate: 'May I?' });
    await turn();
    await agent.answer((await asked(record, 'command')).id, { choice: 'cancel' });
    assert.equal(await over(record), 'interrupted');
  });

  it('does not ask again for a command that is approved for ever', async () => {
    const { agent, record, turn } = await asking({ exec: 'touch there', escalate: 'May I?' });
    await turn();
    const { id, choices } = await asked(record, 'command');
    const always = choices.find(({ label }) => label === 'approveAlways');
    await agent.answer(id, { choice: always?.id ?? '' });
    await over(record);
    await turn();
    assert.equal(await over(record, 2), 'completed');
    assert.equal(record.of('requestAsked').length, 1);
  });

  it('shows what a patch changes, and does not ask again for the file once it is approved for the session', async () => {
    const patch = '*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch\n';
    const step = { exec: `apply_patch <<'EOF'\n${patch}EOF\n` };
    const { agent, record, turn } = await asking(step, { approvalPolicy: 'untrusted', sandbox: 'workspace-write' });
    await turn();
    const request = await asked(record, 'fileChange');
    assert.deepEqual(request.changes, [
      { path: path.join(bench.workspace, 'new.txt'), change: 'add', diff: 'hello\n' },
    ]);
    assert.deepEqual(
      request.choices.map(({ label }) => label),
      ['approve', 'approveForSession', 'decline', 'cancel'],
    );
    await agent.answer(request.id, { choice: 'approveForSession' });
    await over(record);
    assert.equal(await readFile(path.join(bench.workspace, 'new.txt'), 'utf8'), 'hello\n');
    await turn();
    await over(record, 2);
    assert.equal(record.of('requestAsked').length, 1);
  });

  it('hands over a question and its answer', async () => {
    const tool = { name: 'request_user_input', arguments: { questions: [question('q1')] } };
    const { agent, record, turn, toolOutput } = await asking({ tool });
    await turn();
    const request = await asked(record, 'question');
    assert.deepEqual(request.questions, [{ ...question('q1'), freeText: true, secret: false }]);
    await assert.rejects(agent.answer(request.id, { answers: {} }), { reason: 'badAnswer' });
    await agent.answer(request.id, { answers: { q1: ['green, rather'] } });
    assert.equal(await over(record), 'completed');
    assert.deepEqual(JSON.parse(toolOutput()), { answers: { q1: { answers: ['green, rather'] } } });
    await turn();
    await agent.answer((await asked(record, 'question', 1)).id, { choice: 'decline' });
    assert.equal(await over(record, 2), 'completed');
    assert.deepEqual(JSON.parse(toolOutput()), { answers: {} });
  });

  const asker = {
    threadConfig: {
      mcp_servers: {
        asking: {
          command: process.execPath,
          args: [path.resolve(import.meta.dirname, '../../support/askingTools.ts')],
          default_tools_approval_mode: 'approve',
        },
      },
    },
  };

  it('hands over the form of a tool, and its link', async () => {
    const { agent, record, turn, toolOutput } = await asking(
      { tool: { name: 'form', namespace: 'mcp__asking', arguments: {} } },
      asker,
    );
    await turn();
    const request = await asked(record, 'elicitation');
    assert.deepEqual([request.server, request.message, request.url], ['asking', 'Where to?', null]);
    assert.deepEqual(
      request.form?.map(({ name, type, required }) => [name, type, required]),
      [
        ['city', 'text', true],
        ['class', 'select', false],
        ['seats', 'number', false],
        ['window', 'boolean', false],
      ],
    );
    await assert.rejects(agent.answer(request.id, { form: { city: 'X' } }), { reason: 'badAnswer' });
    await agent.answer(request.id, { form: { city: 'Rome', seats: 3 } });
    await over(record);
    assert.match(toolOutput(), /answered: .*accept.*Rome.*3/);
    bench.model.script = ({ toolOutputs }) => [
      toolOutputs.length > 0 ? { text: 'ok' } : { tool: { name: 'link', namespace: 'mcp__asking', arguments: {} } },
    ];
    await turn();
    const link = await asked(record, 'elicitation', 1);
    assert.deepEqual([link.form, link.url], [null, 'https://example.com/sign-in']);
    await agent.answer(link.id, { choice: 'decline' });
    await over(record, 2);
    assert.match(toolOutput(), /answered: .*decline/);
  });

  it('asks before a tool is called, and not again once that is approved for the session', async () => {
    const [server] = Object.values(asker.threadConfig.mcp_servers);
    const { default_tools_approval_mode: _, ...cautious } = server ?? {};
    const { agent, record, turn, toolOutput } = await asking(
      { tool: { name: 'plain', namespace: 'mcp__asking', arguments: { a: 1 } } },
      { approvalPolicy: 'untrusted', threadConfig: { mcp_servers: { asking: cautious } } },
    );
    await turn();
    const request = await asked(record, 'elicitation');
    assert.match(request.message, /run tool "plain"/);
    assert.equal(request.arguments, '{"a":1}');
    assert.deepEqual(
      request.choices.map(({ label }) => label),
      ['approve', 'approveForSession', 'approveAlways', 'decline', 'cancel'],
    );
    await agent.answer(request.id, { choice: 'approveForSession' });
    await over(record);
    assert.match(toolOutput(), /done/);
    await turn();
    await over(record, 2);
    assert.equal(record.of('requestAsked').length, 1);
  });

  it('takes a steer while it waits: the question stays, the text comes after its answer', async () => {
    const { agent, record, turn } = await asking({ text: '' });
    bench.model.script = ({ userTexts, toolOutputs }) => [
      userTexts.length + toolOutputs.length > 1 ? { text: 'ok' } : { exec: 'touch there', escalate: 'May I?' },
    ];
    await turn();
    const { id } = await asked(record, 'command');
    assert.deepEqual(await agent.steer({ text: 'rather not', clientId: 's1' }), { accepted: true });
    assert.deepEqual(withdrawn(record), []);
    await agent.answer(id, { choice: 'decline' });
    await over(record);
    assert.deepEqual(
      record.of('inputDelivered').map(({ clientId }) => clientId),
      ['c1', 's1'],
    );
    assert.equal(bench.model.userMessages().at(-1), 'rather not');
  });

  it('withdraws what waits when the turn is interrupted, before its end is told', async () => {
    const { agent, record, turn } = await asking({ exec: 'touch there', escalate: 'May I?' });
    await turn();
    const { id } = await asked(record, 'command');
    assert.deepEqual(await agent.interrupt(), { stopped: true, survivors: [] });
    assert.deepEqual(withdrawn(record), ['turnOver']);
    const order = record.events.map(({ type }) => type);
    assert.ok(order.indexOf('requestWithdrawn') < order.indexOf('turnCompleted'));
    await assert.rejects(agent.answer(id, { choice: 'approve' }), { reason: 'requestGone' });
  });

  it('withdraws what waits when the process dies, before its exit is told', async () => {
    const { agent, record, turn } = await asking({ exec: 'touch there', escalate: 'May I?' });
    await turn();
    const { id } = await asked(record, 'command');
    process.kill(agent.pid ?? 0, 'SIGKILL');
    await record.next('exited');
    assert.deepEqual(withdrawn(record), ['exited']);
    assert.deepEqual(
      record.events.slice(-2).map(({ type }) => type),
      ['requestWithdrawn', 'exited'],
    );
    await assert.rejects(agent.answer(id, { choice: 'approve' }), { reason: 'requestGone' });
  });

  /** A turn that starts a sub-agent, which does `step`; both then wait for ever. */
  function withSubAgent(step: Step): void {
    const spawn = { name: 'spawn_agent', namespace: 'multi_agent_v1', arguments: { message: 'child: do it' } };
    bench.model.script = ({ toolOutputs, lastUserText }) => {
      if (toolOutputs.length > 0) return [{ hold: never.opened }];
      return lastUserText.startsWith('child') ? [step] : [{ tool: spawn }];
    };
  }

  it('hands over what a sub-agent asks, and ends its turn with the one that started it', async () => {
    const { agent, record, turn } = await asking({ text: '' });
    withSubAgent({ exec: 'touch there', escalate: 'May I?' });
    await turn();
    const request = await asked(record, 'command');
    assert.equal(request.subAgent, 'child: do it');
    assert.deepEqual(await agent.interrupt(), { stopped: true, survivors: [] });
    assert.deepEqual(withdrawn(record), ['turnOver']);
    assert.equal(record.of('turnCompleted').length, 1, 'the turns of others are their own');
    bench.model.script = () => [{ text: 'still here' }];
    await turn();
    assert.equal(await over(record, 2), 'completed');
  });

  it('lets a sub-agent go on once it is answered', async () => {
    const { agent, record, turn } = await asking({ text: '' });
    withSubAgent({ exec: 'touch there', escalate: 'May I?' });
    await turn();
    await agent.answer((await asked(record, 'command')).id, { choice: 'approve' });
    await eventually(() => exists('there'), { what: 'the file' });
  });

  it('ends the command of a sub-agent with the interrupt, and says what has got away', async () => {
    const { agent, record, turn } = await asking({ text: '' }, { sandbox: 'danger-full-access' });
    withSubAgent({ exec: 'echo $$ > pid; setsid sh -c "echo \\$\\$ > free; exec sleep 300" & sleep 300' });
    await turn();
    const [command, free] = await Promise.all([
      numberIn(path.join(bench.workspace, 'pid')),
      numberIn(path.join(bench.workspace, 'free')),
    ]);
    try {
      const result = await agent.interrupt();
      await eventually(async () => (await startTimeOf(command)) === undefined, { what: 'The end of the command' });
      assert.deepEqual(result, { stopped: true, survivors: [`process ${free} (sleep 300)`] });
      assert.match(record.of('runtimeError').at(-1)?.message ?? '', new RegExp(`still running: process ${free}`));
    } finally {
      process.kill(free, 'SIGKILL');
    }
  });
});
