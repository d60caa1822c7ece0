/** The app-server that belongs to no agent: one for all who ask, there when it is needed and gone when it is not. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { type CodexServiceLimits, CodexService } from '../../../src/runtime/codexService.ts';
import { AgentBench } from '../../support/agentHarness.ts';
import { codexPath } from '../../support/codexHome.ts';
import { eventually } from '../../support/eventually.ts';

/** Answers nothing but its introduction and what belongs to a thread. */
const deaf = path.resolve(import.meta.dirname, '../../support/fakeAppServer.ts');

describe('the Codex service', () => {
  let bench: AgentBench;
  let service: CodexService;

  beforeEach(async () => {
    bench = await AgentBench.open();
  });

  afterEach(async () => {
    await service.close();
    await bench.close();
  });

  function open(limits: Partial<CodexServiceLimits> = {}, program = codexPath): CodexService {
    const { workspace: cwd, registry, logger, home } = bench;
    const env = { ...home.env, PATH: process.env['PATH'] ?? '' };
    const find = async () => ({ path: program, env });
    service = new CodexService({ program: find, cwd, clientVersion: '0.0.0', logger, registry, limits });
    return service;
  }

  async function processes(): Promise<number[]> {
    return (await bench.registry.list()).map(({ pid }) => pid);
  }

  /** The list is put right a moment after the process has ended. */
  function noProcess(): Promise<boolean> {
    return eventually(async () => (await processes()).length === 0, { what: 'the end of its process' });
  }

  it('starts one process for all who ask, at the first question and no sooner', async () => {
    const codex = open();
    assert.deepEqual(await processes(), []);
    const [first, second] = await Promise.all([codex.account(), codex.account()]);
    assert.deepEqual(first, { state: 'notNeeded' });
    assert.deepEqual(second, first);
    const [pid, ...others] = await processes();
    assert.deepEqual(others, []);
    await codex.account();
    assert.deepEqual(await processes(), [pid]);
  });

  it('ends the process when nobody has asked for a while, and starts another when asked again', async () => {
    const codex = open({ idleMs: 100 });
    await codex.account();
    const [first] = await processes();
    assert.ok(first);
    await noProcess();
    assert.deepEqual(await codex.account(), { state: 'notNeeded' });
    assert.notDeepEqual(await processes(), [first]);
  });

  it('starts another one after its process was killed', async () => {
    const codex = open();
    await codex.account();
    const [first] = await processes();
    assert.ok(first);
    process.kill(-first, 'SIGKILL');
    await noProcess();
    assert.deepEqual(await codex.account(), { state: 'notNeeded' });
  });

  it('leaves no process when it is closed while one starts, and starts none after', async () => {
    const codex = open();
    const asked = assert.rejects(codex.account(), { reason: 'notRunning' });
    await eventually(async () => (await processes()).length === 1, { what: 'a start', interval: 1 });
    await codex.close();
    await asked;
    await noProcess();
    await assert.rejects(codex.account(), { reason: 'notRunning' });
    await noProcess();
  });

  it('gives up on a process that does not answer, and ends it', async () => {
    await assert.rejects(open({ answerMs: 200 }, deaf).account(), { reason: 'unresponsive' });
    await noProcess();
  });
});
