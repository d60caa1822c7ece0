/** The app-server that belongs to no agent: one for all who ask, there when it is needed and gone when it is not. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { SignInPlace } from '../../../src/runtime/account.ts';
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
    // So long that it is there when it is looked for.
    const codex = open({ idleMs: 2_000 });
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

describe('signing in to Codex', () => {
  let bench: AgentBench;
  let service: CodexService;
  let signIns: number;

  beforeEach(async () => {
    bench = await AgentBench.open({ requiresAuth: true });
    open();
  });

  afterEach(async () => {
    await service.close();
    await bench.close();
  });

  function open(limits: Partial<CodexServiceLimits> = {}): void {
    const { workspace: cwd, registry, logger, home } = bench;
    const env = { ...home.env, PATH: process.env['PATH'] ?? '' };
    const program = async () => ({ path: codexPath, env });
    service = new CodexService({ program, cwd, clientVersion: '0.0.0', logger, registry, limits });
    signIns = 0;
    service.onSignedIn(() => (signIns += 1));
  }

  it('hands an API key to Codex, tells of it, and makes Codex forget it again', async () => {
    assert.deepEqual(await service.account(), { state: 'signedOut' });
    await service.signInWithKey('sk-test-0123456789');
    assert.equal(signIns, 1);
    assert.deepEqual(await service.account(), { state: 'signedIn', by: 'apiKey' });
    assert.match(await readFile(path.join(bench.home.home, 'auth.json'), 'utf8'), /sk-test-0123456789/);
    assert.ok(!bench.logged.some((line) => line.includes('sk-test')));
    await service.signOut();
    assert.deepEqual(await service.account(), { state: 'signedOut' });
    assert.equal(signIns, 1);
  });

  it('says where to sign in, waits, and gives it up when told to', async () => {
    const places: SignInPlace[] = [];
    const giveUp = new AbortController();
    const over = service.signIn('browser', (place) => places.push(place), giveUp.signal);
    const [place] = await eventually(() => places.length > 0 && places);
    assert.ok(place);
    const { searchParams } = new URL(place.url);
    assert.equal(place.code, undefined);
    const answering = await fetch(new URL('/nowhere', searchParams.get('redirect_uri') ?? ''));
    assert.equal(answering.status, 404);
    giveUp.abort();
    assert.equal(await over, false);
    assert.equal(signIns, 0);
    assert.deepEqual(await service.account(), { state: 'signedOut' });
  });

  it('stays for as long as the sign-in takes, and ends with it', async () => {
    await service.close();
    open({ idleMs: 50 });
    const giveUp = new AbortController();
    let shown = false;
    const over = service.signIn('browser', () => (shown = true), giveUp.signal);
    await eventually(() => shown);
    const [record] = await bench.registry.list();
    const pids = async (): Promise<number[]> => (await bench.registry.list()).map(({ pid }) => pid);
    await service.account();
    // Another one, used later and as long, is gone: this one's time would have been over, too.
    const idler = service;
    open({ idleMs: 50 });
    await service.account();
    await eventually(async () => (await pids()).length === 1, { what: 'the end of the idle one' });
    assert.deepEqual(await pids(), [record?.pid]);
    giveUp.abort();
    assert.equal(await over, false);
    await eventually(async () => (await pids()).length === 0, { what: 'the end of its process' });
    await idler.close();
  });

  it('does not wait for ever, nor for a process that went away', async () => {
    await service.close();
    open({ signInMs: 100 });
    const never = new AbortController().signal;
    await assert.rejects(
      service.signIn('browser', () => undefined, never),
      { reason: 'signInFailed' },
    );
    await service.close();
    open();
    let shown = false;
    const over = assert.rejects(
      service.signIn('browser', () => (shown = true), never),
      { reason: 'notRunning' },
    );
    await eventually(() => shown);
    const [record] = await eventually(async () => {
      const records = await bench.registry.list();
      return records.length === 1 && records;
    });
    assert.ok(record);
    process.kill(-record.pid, 'SIGKILL');
    await over;
  });
});
