/** A password of Redis is where it is needed and nowhere else; what we write to disk is private to the user. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '../../support/eventually.ts';
import { gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, startTestTown } from '../../support/testTown.ts';

const secret = 'geheimes-wort-7301';

/** Every file and folder below, with its path. */
async function everything(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.map((entry) => path.join(entry.parentPath, entry.name));
}

/** Those whose environment says that they work for an agent. */
function processesFor(agentId: string, storage: string): { pid: string; command: string }[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const marks = [`TINYTOWN_AGENT_ID=${agentId}`, `TINYTOWN_ACCESS=${storage}`];
      return marks.some((mark) => environment.includes(mark)) ? [{ pid, command }] : [];
    } catch {
      return [];
    }
  });
}

describe('secrets and files', () => {
  let town: TestTown;

  afterEach(async () => {
    await town?.close();
  });

  it('a password is in no log, no error, no argument of a process, and no file', async function () {
    if (process.platform !== 'linux') this.skip();
    const held = gate();
    // What an agent finds in its own environment and in those of all processes that it can see.
    const spy =
      "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c geheimes; env | grep -c '^REDIS_URL='; echo looked";
    town = await startTestTown(({ index }) =>
      index === 0 ? [{ exec: spy }] : [{ hold: held.opened }, { text: 'done' }],
    );
    await town.redis.cli('CONFIG', 'SET', 'requirepass', secret);
    const session = await town.open({ redisPassword: secret });
    const agent = await session.actions.spawnAgent({ name: 'worker', task: 'look around' });
    await town.model.waitForRequest(({ index }) => index === 1);
    const looked = town.model.requests.at(-1)?.toolOutputs.join('\n') ?? '';
    assert.match(looked, /(?:^|\n)0\n0\nlooked/, 'the agent finds no password');
    const running = processesFor(agent.id, town.storage);
    for (const program of ['app-server', 'mcp.cjs']) {
      assert.ok(
        running.some(({ command }) => command.includes(program)),
        program,
      );
    }
    for (const { command } of running) assert.ok(!command.includes(secret), command);
    await town.redis.kill();
    await eventually(() => !session.mirror.connected, { what: 'the loss is seen' });
    const error: unknown = await session.actions.sendMessage('worker', 'x').catch((failure: unknown) => failure);
    assert.ok(error instanceof Error);
    assert.ok(!`${error.message} ${String(error.stack)} ${JSON.stringify(error)}`.includes(secret));
    held.open();
    await town.redis.restart();
    await town.redis.cli('CONFIG', 'SET', 'requirepass', secret);
    await agentWhen(session, 'worker', (it) => it.id === agent.id && it.roundsCompleted === 1, 'one round');
    await session.close();
    for (const line of town.log) assert.ok(!line.includes(secret), line);
    for (const folder of [town.folder, town.storage, town.codexHome]) {
      for (const file of await everything(folder)) {
        if (!(await stat(file)).isFile()) continue;
        // The tools' own way in, which is private, and hidden from commands of Codex.
        if (path.dirname(file) === path.join(town.storage, 'access')) continue;
        assert.ok(!(await readFile(file, 'latin1')).includes(secret), file);
      }
    }
  });

  it('what we keep for ourselves, and the logs of rounds, are private', async () => {
    town = await startTestTown();
    const session = await town.open();
    await session.actions.spawnAgent({ name: 'worker', task: 'look around' });
    await agentWhen(session, 'worker', (it) => it.roundsCompleted === 1, 'one round');
    const logs = path.join(town.storage, 'logs');
    await eventually(async () => (await everything(logs)).length === 1, { what: 'the log of the round' });
    const processes = path.join(town.storage, 'processes');
    const folders = [processes, logs, path.join(town.storage, 'access')];
    const files = await Promise.all(folders.map((folder) => everything(folder)));
    const ours = [...folders, ...files.flat()];
    assert.ok(files.every((found) => found.length > 0));
    for (const place of ours) {
      const { mode } = await stat(place);
      assert.equal(mode & 0o077, 0, `${place} has the mode ${(mode & 0o777).toString(8)}`);
    }
  });
});
