/** A process a turn: the real `codex exec`, and small programs in place of the other CLIs. */
import assert from 'node:assert/strict';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type CliCommand, oneShotCommand } from '../../../src/runtime/clis.ts';
import { startTimeOf } from '../../../src/process/processTable.ts';
import { AgentBench, type Recording } from '../../support/agentHarness.ts';
import { codexPath } from '../../support/codexHome.ts';
import { eventually } from '../../support/eventually.ts';

function texts(record: Recording): string[] {
  return record.of('itemCompleted').flatMap(({ item }) => (item.kind === 'agentMessage' ? [item.text] : []));
}

describe('one-shot agent', () => {
  let bench: AgentBench;

  beforeEach(async () => {
    bench = await AgentBench.open();
  });

  afterEach(async () => {
    await bench.close();
  });

  /** A Node.js program as the CLI. */
  function program(script: string, change: Partial<CliCommand> = {}): ReturnType<AgentBench['oneShot']> {
    const args = ['-e', script];
    const cli = { name: 'toy', program: process.execPath, args, env: {}, prompt: 'stdin', output: 'text' } as const;
    return bench.oneShot({ ...cli, ...change });
  }

  describe('codex exec', () => {
    const settings = { overrides: {}, codexPath, sandbox: 'workspace-write', approvalPolicy: 'on-request' } as const;

    it('runs a turn: prompt in, messages and commands out, the exit code decides', async () => {
      const { agent, record } = bench.oneShot(oneShotCommand('codex', settings));
      bench.model.script = ({ toolOutputs }) =>
        toolOutputs.length > 0 ? [{ text: 'all done' }] : [{ exec: 'echo "to the file" > f.txt; cat f.txt; exit 2' }];
      assert.deepEqual(await agent.start('any thread'), { threadId: null });
      const prompt = 'line one\n"quoted" $(not run) `nor this`';
      const { turnId } = await agent.startTurn({ text: prompt, clientId: 'c1' });
      assert.deepEqual((await record.next('turnCompleted')).outcome, { status: 'completed' });
      assert.deepEqual(bench.model.userMessages(), [prompt]);
      assert.deepEqual(record.of('inputDelivered'), [{ type: 'inputDelivered', turnId, clientId: 'c1' }]);
      assert.deepEqual(texts(record), ['all done']);
      const [command] = record.of('itemCompleted').flatMap(({ item }) => (item.kind === 'command' ? [item] : []));
      assert.equal(command?.output, 'to the file\n');
      assert.deepEqual([command.exitCode, command.status], [2, 'failed']);
      assert.equal(await readFile(path.join(bench.workspace, 'f.txt'), 'utf8'), 'to the file\n');
      assert.equal(agent.pid, undefined);
    });

    it('keeps to the sandbox, and refuses what would have to be asked', async () => {
      const { agent, record } = bench.oneShot(oneShotCommand('codex', { ...settings, sandbox: 'read-only' }));
      bench.model.script = ({ toolOutputs }) =>
        toolOutputs.length > 1
          ? [{ text: 'no way' }]
          : [toolOutputs.length === 0 ? { exec: 'touch f.txt' } : { exec: 'touch f.txt', escalate: 'please' }];
      await agent.start(null);
      await agent.startTurn({ text: 'write', clientId: 'c1' });
      await record.next('turnCompleted');
      await assert.rejects(readFile(path.join(bench.workspace, 'f.txt')), { code: 'ENOENT' });
      assert.match(bench.model.requests.at(-1)?.toolOutputs[1] ?? '', /reject/);
    });

    it('tells why a turn failed', async () => {
      const { agent, record } = bench.oneShot(oneShotCommand('codex', settings));
      bench.model.script = () => [{ error: 400, message: 'The model says no.' }];
      await agent.start(null);
      await agent.startTurn({ text: 'x', clientId: 'c1' });
      const { outcome } = await record.next('turnCompleted');
      assert.match(outcome.status === 'failed' ? outcome.message : '', /The model says no/);
    });

    it('interrupts in the middle of a command, and nothing of it is left', async () => {
      const { agent, record } = bench.oneShot(oneShotCommand('codex', { ...settings, sandbox: 'danger-full-access' }));
      bench.model.script = () => [{ exec: 'echo $$ > pid; exec sleep 300' }];
      await agent.start(null);
      const { turnId } = await agent.startTurn({ text: 'sleep', clientId: 'c1' });
      const pid = await eventually(
        async () => Number(await readFile(path.join(bench.workspace, 'pid'), 'utf8')) || false,
      );
      assert.deepEqual(await agent.steer({ text: 'y', clientId: 's1' }), { accepted: false, reason: 'notSteerable' });
      assert.deepEqual(await agent.interrupt(), { stopped: true, survivors: [] });
      assert.deepEqual(record.of('turnCompleted'), [
        { type: 'turnCompleted', turnId, outcome: { status: 'interrupted' } },
      ]);
      await eventually(async () => (await startTimeOf(pid)) === undefined, { what: 'The end of the command' });
      bench.model.script = () => [{ text: 'again' }];
      await agent.startTurn({ text: 'go on', clientId: 'c2' });
      await record.next('turnCompleted', ({ outcome }) => outcome.status === 'completed');
    });
  });

  describe('another CLI', () => {
    it('takes what it prints for its answer, as it comes', async () => {
      const { agent, record } = program('process.stdin.on("data", (d) => process.stdout.write(`heard: ${d}é`))');
      await agent.start(null);
      await agent.startTurn({ text: 'hello', clientId: 'c1' });
      assert.deepEqual((await record.next('turnCompleted')).outcome, { status: 'completed' });
      assert.deepEqual(texts(record), ['heard: helloé']);
      const deltas = record.of('itemDelta').map(({ delta }) => delta);
      assert.equal(deltas.join(''), 'heard: helloé');
      const order = record.events.map(({ type }) => type).filter((type) => type.startsWith('turn'));
      assert.deepEqual(order, ['turnStarted', 'turnCompleted']);
    });

    it('gives the prompt as a file where the CLI wants one, and its own environment', async () => {
      const script = `const fs = require('fs'); const file = process.argv[1];
        console.log(fs.readFileSync(file, 'utf8'), (fs.statSync(file).mode & 0o777).toString(8), process.env.TOY, file)`;
      const { agent, record } = program(script, { prompt: 'file', env: { TOY: 'yes' } });
      await agent.start(null);
      await agent.startTurn({ text: 'by file', clientId: 'c1' });
      await record.next('turnCompleted');
      const [answer = ''] = texts(record);
      assert.match(answer, /^by file 600 yes /);
      await assert.rejects(readFile(answer.trim().split(' ').at(-1) ?? ''), { code: 'ENOENT' });
    });

    it('leaves no file of its prompt behind where it cannot be started', async () => {
      const cli = path.join(bench.workspace, 'cli');
      await writeFile(cli, '#!/bin/sh\n', { mode: 0o700 });
      const { agent } = program('', { prompt: 'file', program: cli });
      await agent.start(null);
      await rm(cli);
      const { TMPDIR } = process.env;
      process.env['TMPDIR'] = bench.workspace;
      try {
        await assert.rejects(agent.startTurn({ text: 'by file', clientId: 'c1' }), { reason: 'programUnusable' });
      } finally {
        if (TMPDIR === undefined) delete process.env['TMPDIR'];
        else process.env['TMPDIR'] = TMPDIR;
      }
      assert.deepEqual(await readdir(bench.workspace), []);
    });

    for (const [what, script, message] of [
      [
        'its exit code and last words',
        'console.error("first"); console.error("no quota"); process.exit(3)',
        /code 3. no quota/,
      ],
      ['the signal that ended it', 'process.kill(process.pid, "SIGKILL")', /ended by SIGKILL/],
    ] as const) {
      it(`fails the turn with ${what}`, async () => {
        const { agent, record } = program(script);
        await agent.start(null);
        await agent.startTurn({ text: 'x', clientId: 'c1' });
        const { outcome } = await record.next('turnCompleted');
        assert.match(outcome.status === 'failed' ? outcome.message : '', message);
      });
    }

    it('does not count a prompt as delivered that was never read', async () => {
      const { agent, record } = program('process.exit(1)');
      await agent.start(null);
      await agent.startTurn({ text: 'x'.repeat(5_000_000), clientId: 'c1' });
      await record.next('turnCompleted');
      assert.deepEqual(record.of('inputDelivered'), []);
    });

    it('survives a flood in bounded memory', async () => {
      const { agent, record } = program(
        'let n = 0; const more = () => { while (n++ < 300) if (!process.stdout.write("x".repeat(99_999) + "\\n")) return process.stdout.once("drain", more); }; more()',
      );
      await agent.start(null);
      await agent.startTurn({ text: 'x', clientId: 'c1' });
      await record.next('turnCompleted');
      assert.equal(
        record.of('itemDelta').reduce((sum, { delta }) => sum + delta.length, 0),
        30_000_000,
      );
      const kept = texts(record)[0]?.length ?? 0;
      assert.ok(kept > 900_000 && kept <= 1_000_000, `${kept} characters are kept`);
    });

    it('takes one turn at a time', async () => {
      const { agent } = program('setInterval(() => {}, 1e6)');
      await agent.start(null);
      await agent.startTurn({ text: 'x', clientId: 'c1' });
      await assert.rejects(agent.startTurn({ text: 'y', clientId: 'c2' }), { reason: 'turnActive' });
    });

    it('stops in mid-turn: the process is gone, the exit told once', async () => {
      const { agent, record } = program(
        'process.on("SIGTERM", () => process.exit(9)); setInterval(() => {}, 1e6); console.log("up")',
      );
      await agent.start(null);
      await agent.startTurn({ text: 'x', clientId: 'c1' });
      await record.next('itemDelta');
      const pid = agent.pid ?? 0;
      await Promise.all([agent.stop(), agent.stop()]);
      assert.equal(await startTimeOf(pid), undefined);
      assert.deepEqual(
        record.of('exited').map(({ reason, code }) => [reason, code]),
        [['stopped', 9]],
      );
      assert.deepEqual(record.of('turnCompleted'), []);
      await assert.rejects(agent.startTurn({ text: 'y', clientId: 'c2' }), { reason: 'notRunning' });
    });

    it('says at the start that the program is missing, and what to do', async () => {
      const { agent } = program('', { program: 'no-such-cli', name: 'gemini' });
      await assert.rejects(agent.start(null), { reason: 'programUnusable', hint: /Install gemini/ });
    });

    it('cannot say what an earlier process was told', async () => {
      const { agent } = program('');
      assert.deepEqual(await agent.findInputs(['c1']), new Map([['c1', { found: false, complete: false }]]));
      assert.deepEqual(await agent.interrupt(), { stopped: false, reason: 'noActiveTurn' });
    });
  });
});
