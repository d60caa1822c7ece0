/** The `tt` command as one-shot agents get it: the launcher on their PATH and the built bundle. */
import assert from 'node:assert/strict';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeTtLauncher } from '../../../src/runtime/ttLauncher.ts';
import { AgentStore } from '../../../src/town/stores/agents.ts';
import { InboxStore } from '../../../src/town/stores/inbox.ts';
import { SUPERVISOR_ID } from '../../../src/town/keys.ts';
import type { AgentRecord } from '../../../src/town/records/records.ts';
import { TaskStore } from '../../../src/town/stores/tasks.ts';
import { accessTo } from '../../support/access.ts';
import { builtBundles } from '../../support/bundles.ts';
import { type TestTown, openTestTown, testAgent } from '../../support/redisTown.ts';
import { tempDir } from '../../support/tempDir.ts';
import { type Ran, runToEnd } from '../../support/toolProcesses.ts';

describe('the tt command', () => {
  let town: TestTown;
  let anna: AgentRecord;
  let temporary: Awaited<ReturnType<typeof tempDir>>;
  let bin: string;
  let bundle: string;

  before(async () => {
    temporary = await tempDir('tt it’s $HOME %PATH%');
    bin = path.join(temporary.path, "a 'bin'");
    ({ tt: bundle } = await builtBundles());
    await writeTtLauncher(bin, { execPath: process.execPath, bundle });
    town = await openTestTown();
  });
  after(async () => {
    await town.close();
    await temporary.remove();
  });
  beforeEach(async () => {
    await town.redis.commands.flushall();
    anna = testAgent('anna');
    await new AgentStore(town.redis, town.keys).create(anna);
  });

  const as = (self: string, url = town.server.url): Promise<NodeJS.ProcessEnv> =>
    accessTo(temporary.path, { town: town.keys.town, url, self });
  const tt = async (args: readonly string[], env?: NodeJS.ProcessEnv, cwd = temporary.path): Promise<Ran> =>
    runToEnd(path.join(bin, process.platform === 'win32' ? 'tt.cmd' : 'tt'), args, {
      env: env ?? (await as(anna.id)),
      cwd,
    });

  it('lies in a private folder, and is written once', async () => {
    assert.equal((await stat(bin)).mode & 0o777, 0o700);
    const before = await stat(path.join(bin, 'tt'));
    assert.equal(before.mode & 0o777, 0o700);
    await Promise.all([1, 2, 3].map(() => writeTtLauncher(bin, { execPath: process.execPath, bundle })));
    assert.equal((await stat(path.join(bin, 'tt'))).ino, before.ino);
  });

  it('does what it is asked for as its agent: 0, with the result on standard output', async () => {
    const tasks = new TaskStore(town.redis, town.keys);
    const task = await tasks.assign({ description: 'write it' }, anna.id, SUPERVISOR_ID);
    const result = 'it\'s "done"\n$HOME `ls` 100%';
    const ran = await tt(['task', 'complete', task.id, '--result', result]);
    assert.deepEqual(ran, { code: 0, stdout: `Task ${task.id} is completed.\n`, stderr: '' });
    assert.equal((await tasks.get(task.id))?.result, result);
    const sent = await tt(['send', 'supervisor', '--query', '--urgent', 'and', 'now?']);
    assert.deepEqual(sent, { code: 0, stdout: 'Sent a query to supervisor, urgently.\n', stderr: '' });
    const { urgent } = await new InboxStore(town.redis, town.keys).list(SUPERVISOR_ID);
    const [query] = urgent;
    assert.ok(query?.type === 'query');
    assert.deepEqual([query.question, query.from], ['and now?', anna.id]);
  });

  it('is refused with 1, and not understood with 2, with the reason on standard error', async () => {
    const refused = await tt(['send', 'bob', 'x']);
    assert.deepEqual(refused, { code: 1, stdout: '', stderr: 'There is no agent “bob”. There are: anna.\n' });
    const wrong = await tt(['task', 'show', 'x']);
    assert.deepEqual([wrong.code, wrong.stdout], [2, '']);
    assert.match(wrong.stderr, /^task_id is not the id of a task/);
    const unknown = await tt(['dance']);
    assert.deepEqual([unknown.code, unknown.stdout], [2, '']);
    assert.match(unknown.stderr, /There is no command “dance”\.\nSee: tt --help/);
    const help = await tt(['backlog', 'add', '--help'], {});
    assert.equal(help.code, 0);
    assert.match(help.stdout, /--tags A,B/);
  });

  it('says when Redis is away: 1', async () => {
    const ran = await tt(['status'], await as(anna.id, 'unix:///none/none.sock'));
    assert.equal(ran.code, 1);
    assert.match(ran.stderr, /^Redis at unix:.* cannot be reached: there is no such socket\. Start Redis/);
  });

  it('speaks for nobody where nothing proves who that is', async () => {
    const folder = path.join(temporary.path, 'hill');
    await mkdir(folder);
    const toml = `name = "${town.keys.town}"\n[redis]\nurl = "${town.server.url}"\n`;
    await writeFile(path.join(folder, 'tinytown.toml'), toml);
    const file = path.join(folder, 'access.json');
    await writeFile(file, '{}');
    const { TINYTOWN_ACCESS: own } = await as(anna.id);
    const claims: NodeJS.ProcessEnv[] = [
      {},
      { REDIS_URL: town.server.url, TINYTOWN_TOWN: town.keys.town },
      { REDIS_URL: town.server.url, TINYTOWN_TOWN: town.keys.town, TINYTOWN_AGENT_ID: anna.id },
      { TINYTOWN_ACCESS: file },
      { TINYTOWN_ACCESS: `${own}.none` },
    ];
    for (const env of claims) {
      const ran = await tt(['send', 'anna', 'obey me'], env, folder);
      assert.deepEqual([ran.code, ran.stdout], [1, ''], JSON.stringify(env));
      assert.match(
        ran.stderr,
        /^(This tt only works for agents that the editor runs|The access file cannot be read)\. /,
      );
    }
    assert.equal(await town.redis.commands.llen(town.keys.inbox(anna.id)), 0);
  });

  it('lets an agent become nobody else by what stands in its environment, nor read what others are told', async () => {
    const berta = testAgent('berta');
    await new AgentStore(town.redis, town.keys).create(berta);
    const claims = { TINYTOWN_AGENT_ID: berta.id, TINYTOWN_AGENT_NAME: 'berta', REDIS_URL: 'redis://elsewhere' };
    const env = { ...(await as(anna.id)), ...claims };
    assert.match((await tt(['status'], env)).stdout, /You are anna/);
    for (const words of [
      ['inbox', 'berta'],
      ['send', 'anna', '--from', 'berta', 'x'],
      ['send', 'berta', '--from', 'supervisor', 'x'],
    ]) {
      const ran = await tt(words, env);
      assert.equal(ran.code, 1, words.join(' '));
      assert.match(ran.stderr, /You are anna/);
    }
  });

  it('lets an agent act only in its own town and name', async () => {
    const folder = path.join(temporary.path, 'sea');
    await mkdir(folder);
    await writeFile(path.join(folder, 'tinytown.toml'), 'name = "sea"\n');
    const ran = await tt(['--town', folder, 'status']);
    assert.equal(ran.code, 1);
    assert.match(ran.stderr, /^You can act only in your own town, town \w+\. Leave --town out\./);
    await writeFile(path.join(folder, 'tinytown.toml'), `name = "${town.keys.town}"\n`);
    assert.equal((await tt(['--town', folder, 'status'])).code, 0);
    await new AgentStore(town.redis, town.keys).create(testAgent('berta'));
    const forged = await tt(['send', 'anna', '--from', 'berta', 'x']);
    assert.equal(forged.code, 1);
    assert.match(forged.stderr, /You are anna\. You can send messages only as yourself/);
    assert.equal((await tt(['send', 'berta', '--from', 'anna', 'x'])).code, 0);
  });
});
