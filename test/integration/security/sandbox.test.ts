/** A command of an agent tries to get at the extension's own files and sockets, in the sandbox of the real Codex. */
import assert from 'node:assert/strict';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:net';
import path from 'node:path';
import type { TownSession } from '../../../src/loop/townSession.ts';
import type { TownSettings } from '../../../src/loop/settings.ts';
import { type PrivateTarget, stopLocalServer } from '../../../src/town/redis/localServer.ts';
import { placed, socketRoot } from '../../../src/town/redis/privatePlace.ts';
import { privateTarget } from '../../../src/town/redis/resolve.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

const secret = 'the-key-of-the-town';

const connectTo = (socket: string): string =>
  `"${process.execPath}" -e 'require("net").connect(process.argv[1]).on("connect", () => { console.log("CONNECTED"); ` +
  `process.exit() }).on("error", ({ code }) => console.log("socket", code))' '${socket}'`;

describe('the sandbox of agents', function () {
  let town: TestTown;
  let other: Server | undefined;

  before(function () {
    // Codex has other sandboxes elsewhere, which nobody has tried.
    if (process.platform !== 'linux') this.skip();
  });
  afterEach(async () => {
    other?.close();
    other = undefined;
    const roots = await socketRoot(path.join(town.storage, 'redis'));
    await stopLocalServer(await ownRedis());
    for (const root of roots) await rm(root, { recursive: true, force: true });
  });
  closesAfterEach(() => town);

  /** Opens a window on the town's private Redis. */
  async function open(settings: Partial<TownSettings>): Promise<TownSession> {
    const session = await town.open({ redisUrl: '', approvalPolicy: 'never', ...settings });
    await mkdir(path.join(town.storage, 'keys'), { recursive: true });
    await writeFile(path.join(town.storage, 'keys/key'), secret, { mode: 0o600 });
    return session;
  }

  /** What the commands print that an agent runs, one after the other. */
  async function output(session: TownSession, commands: readonly string[]): Promise<string> {
    town.model.script = ({ toolOutputs }) =>
      toolOutputs.length > 0 ? [{ text: 'done' }] : [{ exec: commands.map((line) => `${line} 2>&1`).join('; ') }];
    await session.actions.spawnAgent({ name: 'thief', task: 'steal' });
    await agentWhen(session, 'thief', (it) => it.roundsCompleted === 1, 'one round');
    return town.model.requests.at(-1)?.toolOutputs.at(-1) ?? '';
  }

  const networkOn = (): Promise<void> =>
    appendFile(path.join(town.codexHome, 'config.toml'), '\n[sandbox_workspace_write]\nnetwork_access = true\n');

  async function ownRedis(): Promise<PrivateTarget> {
    const target = await placed(privateTarget(town.storage, town.folder), town.folder, false);
    assert.equal(target.kind, 'private');
    return target;
  }

  /** The socket of another town of this user, made while this one is open. */
  async function otherTown(): Promise<string> {
    const storage = path.join(town.storage, 'redis');
    const [root = storage] = await socketRoot(storage);
    const socket = path.join(root, 'other', 'redis.sock');
    await mkdir(path.dirname(socket), { mode: 0o700 });
    const server = createServer((connection) => connection.end('+CONNECTED\r\n'));
    other = server;
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    return socket;
  }

  for (const mode of ['persistent', 'one-shot'] as const) {
    const persistent = mode === 'persistent';
    for (const network of [false, true]) {
      it(`keeps a ${mode} agent from the extension’s files and sockets, network ${network ? 'on' : 'off'}`, async () => {
        // Sockets lie in the temporary folder where their path would be too long otherwise.
        town = await startTestTown(undefined, {}, network ? 'storage-with-a-long-name'.repeat(3) : 'storage');
        if (network) await networkOn();
        const session = await open({ sandbox: 'workspace-write', persistent });
        const { socketPath } = await ownRedis();
        assert.equal(socketPath.startsWith(town.storage), !network);
        const said = await output(session, [
          `cat '${town.storage}/keys/key'`,
          `for process in /proc/[0-9]*; do cat "$process/root${town.storage}/keys/key"; done`,
          `ls '${town.storage}'`,
          `echo x > '${town.storage}/planted' && echo PLANTED`,
          connectTo(socketPath),
          connectTo(await otherTown()),
          `"${process.execPath}" -e 'fetch("${town.model.url}").then(() => console.log("NETWORK"), () => {})'`,
          'echo x > made-here && echo WRITABLE',
        ]);
        assert.match(said, /WRITABLE/);
        assert.equal(said.includes('NETWORK'), network, said);
        for (const forbidden of [secret, 'keys\n', 'PLANTED', 'CONNECTED'])
          assert.ok(!said.includes(forbidden), `${forbidden} in: ${said}`);
        assert.equal(said.match(/socket E(PERM|ACCES)/g)?.length, 2, said);
        assert.equal(await readFile(path.join(town.folder, 'made-here'), 'utf8'), 'x\n');
      });
    }

    it(`lets a ${mode} agent with read-only read, and write nothing`, async () => {
      town = await startTestTown();
      const session = await open({ sandbox: 'read-only', persistent });
      const said = await output(session, [
        `cat '${town.storage}/keys/key'`,
        'cat tinytown.toml',
        'echo x > made-here && echo WRITABLE',
      ]);
      assert.match(said, /test-town/);
      assert.doesNotMatch(said, new RegExp(`WRITABLE|${secret}`));
    });

    it(`gives a ${mode} agent what the user’s Codex configuration allows, not what the project’s does`, async () => {
      town = await startTestTown();
      const mine = path.join(town.storage, '../mine');
      const theirs = path.join(town.storage, '../theirs');
      await Promise.all([mkdir(mine, { recursive: true }), mkdir(theirs, { recursive: true })]);
      await appendFile(
        path.join(town.codexHome, 'config.toml'),
        `\n[sandbox_workspace_write]\nwritable_roots = [${JSON.stringify(mine)}]\nexclude_slash_tmp = true\n` +
          `\n[projects.${JSON.stringify(town.folder)}]\ntrust_level = "trusted"\n`,
      );
      await mkdir(path.join(town.folder, '.codex'));
      await writeFile(
        path.join(town.folder, '.codex/config.toml'),
        `sandbox_mode = "danger-full-access"\n[sandbox_workspace_write]\nnetwork_access = true\n` +
          `writable_roots = [${JSON.stringify(theirs)}]\n`,
      );
      const session = await open({ sandbox: 'workspace-write', persistent });
      const said = await output(session, [
        `echo x > '${mine}/file' && echo MINE`,
        `echo x > '${theirs}/file' && echo THEIRS`,
        `echo x > /tmp/tinytown-test-$$ && echo TEMPORARY`,
        `"${process.execPath}" -e 'fetch("${town.model.url}").then(() => console.log("NETWORK"), () => {})'`,
      ]);
      assert.match(said, /MINE/);
      assert.doesNotMatch(said, /THEIRS|TEMPORARY|NETWORK/);
    });
  }

  it('keeps a resumed agent from them, also where the thread was made with less of a sandbox', async () => {
    town = await startTestTown();
    await networkOn();
    // This project may be below /tmp, where Codex lets commands write unless told otherwise.
    await appendFile(path.join(town.codexHome, 'config.toml'), 'exclude_slash_tmp = true\n');
    const first = await open({ sandbox: 'danger-full-access' });
    await output(first, ['echo hello']);
    await first.close();
    const session = await open({ sandbox: 'workspace-write' });
    town.model.script = ({ toolOutputs }) =>
      toolOutputs.length > 0 ? [{ text: 'done' }] : [{ exec: `cat '${town.storage}/keys/key'; echo x > ~/written` }];
    await session.actions.sendMessage('thief', 'once more');
    await agentWhen(session, 'thief', (it) => it.roundsCompleted === 2, 'two rounds');
    const said = town.model.requests.at(-1)?.toolOutputs.at(-1) ?? '';
    assert.ok(!said.includes(secret), said);
    assert.match(said, /Permission denied[^]*Read-only file system/);
  });
});
