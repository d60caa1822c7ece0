/** What the doctor finds in a real town, and where there is none: real Codex, real Redis, real files. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type DoctorOptions, gatherFacts } from '../../../src/loop/doctor/doctorFacts.ts';
import type { Check } from '../../../src/loop/doctor/check.ts';
import { checksOf } from '../../../src/loop/doctor/doctorRules.ts';
import type { TownSettings } from '../../../src/loop/settings.ts';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { agentFields } from '../../../src/town/records/records.ts';
import { nameOfProcess } from '../../../src/process/processTable.ts';
import { inEnglish } from '../../../src/util/sentence.ts';
import { builtBundles } from '../../support/bundles.ts';
import { codexHome, codexVersion } from '../../support/codexHome.ts';
import { testAgent } from '../../support/redisTown.ts';
import { type TestTown, agentWhen, startTestTown, testSettings } from '../../support/testTown.ts';

const bad = (checks: Map<string, Check>): string[] =>
  [...checks.values()].flatMap(({ name, state, found }) => (state === 'ok' ? [] : [`${name}: ${inEnglish(found)}`]));

describe('the doctor in a real town', () => {
  let town: TestTown;
  let settings: TownSettings;
  let session: TownSession | undefined;

  beforeEach(async () => {
    town = await startTestTown();
    settings = testSettings(town.redis.url, { own: { CODEX_HOME: town.codexHome, HOME: town.codexHome } });
    session = undefined;
  });
  afterEach(() => town.close());

  async function examine(options: Partial<DoctorOptions> = {}): Promise<Map<string, Check>> {
    const quiet = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
    const facts = await gatherFacts({
      trusted: true,
      folder: town.folder,
      storageDir: town.storage,
      settings,
      answer: () => 'open',
      bundles: await builtBundles(),
      examine: session && (() => session?.examine() ?? assert.fail()),
      notOpen: undefined,
      account: () => session?.codex.account() ?? Promise.resolve({ state: 'notNeeded' }),
      logger: quiet,
      ...options,
    });
    return new Map(checksOf(facts).map((check) => [check.name, check]));
  }

  it('finds it in order, and complains of a Redis that keeps nothing once it does not', async () => {
    session = await town.open();
    await session.actions.spawnAgent({ name: 'well', task: 'look around' });
    await agentWhen(session, 'well', (it) => it.roundsCompleted === 1 && it.state === 'idle', 'one round');
    const checks = await examine();
    assert.deepEqual(bad(checks), []);
    assert.ok(inEnglish(checks.get('codex')?.found ?? '').startsWith(`Codex ${codexVersion} at /`));
    assert.match(inEnglish(checks.get('redis')?.found ?? ''), /^(Redis|Valkey) \d+\.\d+.* from the setting/);
    assert.equal(checks.get('account')?.state, 'ok');
    assert.equal(checks.get('town')?.state, 'ok');
    const client = town.redis.client();
    await client.config('SET', 'appendonly', 'no');
    await client.config('SET', 'maxmemory', '1gb');
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const worse = await examine();
    assert.deepEqual(
      [...worse.values()].flatMap(({ name, state }) => (state === 'ok' ? [] : [`${state} ${name}`])),
      ['warning redisPersistence', 'failed redisMemory'],
    );
  });

  it('sees what agents left, what they lack, and what cannot be read', async () => {
    session = await town.open();
    await session.actions.spawnAgent({ name: 'alien', cli: 'no-such-cli' });
    await agentWhen(session, 'alien', (it) => it.state === 'error', 'an error');
    await session.actions.sendMessage('alien', 'are you there?');
    const client = town.redis.client();
    await client.hset('tt:test-town:agent:7c9e6679-7425-40de-944b-e07fc1f90ae7', 'name', '');
    await session.mirror.refresh();
    const checks = await examine();
    assert.equal(checks.get('clis')?.state, 'failed');
    assert.match(inEnglish(checks.get('messages')?.found ?? ''), /alien \(1\)/);
    assert.equal(checks.get('records')?.state, 'warning');
  });

  it('takes an agent of tt for silent where its row does, and no sooner', async () => {
    session = await town.open({}, { signsOfLife: { checkMs: 20, silentMs: 5 * 60_000 } });
    const record = testAgent('theirs', {
      state: 'working',
      lastHeartbeat: new Date(Date.now() - 120_000).toISOString(),
    });
    const key = `tt:test-town:agent:${record.id}`;
    const client = town.redis.client();
    await client.hset(key, agentFields(record));
    await agentWhen(session, 'theirs', () => true, 'seen');
    // In the middle of a turn tt gives no sign of life.
    assert.equal((await examine()).get('agents')?.state, 'ok');
    await client.hset(key, 'last_heartbeat', new Date(Date.now() - 6 * 60_000).toISOString());
    await agentWhen(session, 'theirs', (_, view) => view.silentMs !== undefined, 'silent');
    assert.match(inEnglish((await examine()).get('agents')?.found ?? ''), /theirs, run by tt, is not responding/);
  });

  it('works where nothing does: no folder, no Codex, no Redis', async () => {
    settings = { ...settings, redisUrl: '', codexPath: '/nowhere/codex', redisServerPath: '/nowhere/redis' };
    const checks = await examine({ folder: undefined });
    assert.match(inEnglish(checks.get('codex')?.found ?? ''), /\/nowhere\/codex/);
    assert.match(inEnglish(checks.get('redis')?.found ?? ''), /\/nowhere\/redis/);
    assert.equal(checks.get('folder')?.state, 'warning');
    assert.equal(checks.has('account'), false);
    const untrusted = await examine({ trusted: false, account: () => assert.fail('nothing may be started') });
    assert.equal(untrusted.get('trust')?.state, 'failed');
    assert.equal(untrusted.has('codex'), false);
    assert.equal(untrusted.has('redis'), false);
  });

  it('says that Redis refuses, without its password', async () => {
    settings = { ...settings, redisUrl: 'redis://:hunter22@127.0.0.1:1' };
    const { found } = (await examine()).get('redis') ?? assert.fail();
    assert.doesNotMatch(inEnglish(found), /hunter22/);
    assert.match(inEnglish(found), /127\.0\.0\.1:1/);
  });

  it('sees that nobody is signed in, and files that others can read', async () => {
    const home = await codexHome(town.model.url, { requiresAuth: true });
    try {
      session = await town.open({ codexEnv: { ...home.own, OPENAI_API_KEY: '' } });
      const storage = path.join(town.storage, 'processes');
      await mkdir(storage, { recursive: true });
      await chmod(storage, 0o755);
      const checks = await examine();
      assert.equal(checks.get('account')?.state, 'failed');
      assert.match(inEnglish(checks.get('privacy')?.mend ?? ''), /chmod 700/);
    } finally {
      await session?.close();
      await home.remove();
    }
  });

  it('counts what a window left behind that is gone', async () => {
    const left = spawn('sleep', ['600'], { detached: true });
    const { pid = 0 } = left;
    try {
      const folder = path.join(town.storage, 'processes');
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const name = await nameOfProcess(pid);
      const owner = { ...name, pid: 1, startTime: 'long ago' };
      const record = { ...name, purpose: 'test', detached: false, owner };
      await writeFile(path.join(folder, `${pid}.json`), JSON.stringify(record));
      assert.match(inEnglish((await examine()).get('processes')?.found ?? ''), /: 1\.$/);
    } finally {
      process.kill(-pid, 'SIGKILL');
    }
  });
});
