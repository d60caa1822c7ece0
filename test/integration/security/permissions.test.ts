/** What an agent may do is for the user to choose: on this machine, agent by agent, and for nobody who writes to the Redis. */
import assert from 'node:assert/strict';
import { appendFile, chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import type { PermissionMode } from '../../../src/loop/trust/permissionModes.ts';
import type { TownSettings } from '../../../src/loop/settings.ts';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { TownKeys } from '../../../src/town/keys.ts';
import { codexPath } from '../../support/codexHome.ts';
import { eventually } from '../../support/eventually.ts';
import { plantAgent } from '../../support/plantAgent.ts';
import { gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

const keys = new TownKeys('test-town');

/** What a client of the Redis could hope for that somebody reads. */
const greedyFields: Record<string, string> = {
  ...Object.fromEntries(
    ['sandbox', 'sandbox_mode', 'sandboxMode', 'sandbox_policy', 'sandboxPolicy', 'codex.sandbox'].map((name) => [
      name,
      'danger-full-access',
    ]),
  ),
  ...Object.fromEntries(
    ['approval_policy', 'approvalPolicy', 'ask_for_approval', 'codex.approvalPolicy'].map((name) => [name, 'never']),
  ),
  ...Object.fromEntries(
    ['permissions', 'permission', 'permission_mode', 'permissionMode', 'permission_profile', 'mode', 'profile'].map(
      (name) => [name, 'full'],
    ),
  ),
  default_permissions: ':danger-full-access',
  thread_config: '{"sandbox_mode":"danger-full-access"}',
  config: '{"sandbox_mode":"danger-full-access"}',
  settings: '{"sandbox":"danger-full-access","approvalPolicy":"never"}',
  env: '{"CODEX_SANDBOX":"off"}',
  args: '--dangerously-bypass-approvals-and-sandbox',
  cwd: '/',
  writable_roots: '["/"]',
  network_access: 'true',
};

const threadCall = z.object({ method: z.string(), params: z.looseObject({}) });

/** The options of a thread without the instructions, which name the agent. */
function unnamed(options: unknown): object {
  return { ...Object(options), developerInstructions: undefined };
}

describe('the permissions of an agent', function () {
  let town: TestTown;
  let log: string;
  let rounds: number;

  before(function () {
    if (process.platform === 'win32') this.skip();
  });
  beforeEach(async () => {
    town = await startTestTown();
    // This project may be below /tmp, where Codex lets commands write unless told otherwise.
    const noTmp = '\n[sandbox_workspace_write]\nexclude_slash_tmp = true\n';
    await appendFile(path.join(town.codexHome, 'config.toml'), noTmp);
    log = path.join(town.codexHome, 'heard');
    rounds = 0;
  });
  closesAfterEach(() => town);

  /** A window whose Codex is the real one behind a program that writes down what it is told. */
  async function open(settings: Partial<TownSettings> = {}): Promise<TownSession> {
    const wrapper = path.join(town.codexHome, 'codex-heard');
    await writeFile(
      wrapper,
      `#!/bin/sh
[ "$1" = app-server ] || exec '${codexPath}' "$@"
tee -a '${log}' | '${codexPath}' "$@"
`,
    );
    await chmod(wrapper, 0o700);
    return town.open({ codexPath: wrapper, sandbox: 'workspace-write', approvalPolicy: 'never', ...settings });
  }

  /** What Codex was told when threads were opened, without what differs for every agent and every start. */
  async function threadsOpened(): Promise<object[]> {
    const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => /"thread\/(start|resume)"/.test(line));
    return lines.map((line) => {
      const plain = line.replaceAll(/tinytown-[0-9a-f]{16}/g, 'PROFILE').replaceAll(/access\/[\w-]+/g, 'ACCESS');
      return threadCall.parse(JSON.parse(plain)).params;
    });
  }

  async function work(session: TownSession, name: string, text: string): Promise<string> {
    await session.actions.sendMessage(name, text);
    rounds += 1;
    await agentWhen(session, name, (it) => it.state === 'idle' && it.roundsCompleted === rounds, 'its round over');
    return town.model.requests.at(-1)?.toolOutputs.at(-1) ?? '';
  }

  const tries = (): void => {
    town.model.script = ({ toolOutputs }) =>
      toolOutputs.length > 0
        ? [{ text: 'done' }]
        : [{ exec: `echo x > made-${rounds} && echo WRITABLE; echo x > '${town.codexHome}/out' && echo ANYWHERE` }];
  };

  it('are no wider for a record of another client of the Redis, whatever it says', async () => {
    const session = await open({ sandbox: 'read-only', approvalPolicy: 'untrusted' });
    await session.actions.spawnAgent({ name: 'plain', task: 'go on' });
    await agentWhen(session, 'plain', (it) => it.roundsCompleted === 1, 'one round');
    const [plain] = await threadsOpened();
    assert.ok(plain && JSON.stringify(plain).includes(':read-only'), 'Codex is told of the sandbox');
    assert.equal(Object(plain).approvalPolicy, 'untrusted');

    const redis = town.redis.client();
    const id = await plantAgent(town, 'greedy', { cli: 'codex', ...greedyFields });
    await agentWhen(session, 'greedy', (it) => it.roundsCompleted === 1, 'one round');
    assert.deepEqual(unnamed((await threadsOpened()).at(-1)), unnamed(plain));

    // One that is there already, and is started anew.
    const [first] = [...session.mirror.agents.values()].filter(({ name }) => name === 'plain');
    assert.ok(first);
    await redis.hset(keys.agent(first.id), greedyFields);
    await session.actions.restartAgent('plain');
    const resumed = await eventually(async () => (await threadsOpened())[2]);
    const notAtStart = { threadId: undefined, excludeTurns: undefined, cwd: undefined };
    assert.deepEqual({ ...unnamed(resumed), ...notAtStart }, { ...unnamed(plain), ...notAtStart });
    assert.equal(session.runner.view(id).permissions, undefined);
  });

  for (const persistent of [true, false]) {
    it(`of a ${persistent ? 'persistent' : 'one-shot'} agent are those chosen for it, from the next turn on`, async function () {
      if (process.platform !== 'linux') this.skip();
      const session = await open({ persistent });
      tries();
      const { id } = await session.actions.spawnAgent({ name: 'worker', permissions: 'read-only' });
      await agentWhen(session, 'worker', (_it, view) => view.permissions === 'read-only', 'shown');
      assert.doesNotMatch(await work(session, 'worker', 'one'), /WRITABLE|ANYWHERE/);
      const { runtimeSessionId } = session.mirror.agents.get(id) ?? {};

      await session.actions.changePermissions('worker', 'workspace', { mayWiden: true });
      const two = await work(session, 'worker', 'two');
      assert.match(two, /WRITABLE/);
      assert.doesNotMatch(two, /ANYWHERE/);

      await session.actions.changePermissions('worker', 'full', { mayWiden: true });
      assert.match(await work(session, 'worker', 'three'), /WRITABLE[^]*ANYWHERE/);

      await session.actions.changePermissions('worker', undefined, { mayWiden: true });
      assert.doesNotMatch(await work(session, 'worker', 'four'), /ANYWHERE/);
      assert.equal(session.runner.view(id).permissions, undefined);
      assert.equal(session.mirror.agents.get(id)?.runtimeSessionId, runtimeSessionId);
    });
  }

  it('leave a running turn as it is', async () => {
    const session = await open();
    const turn = gate();
    town.model.script = async () => {
      await turn.opened;
      return [{ text: 'done' }];
    };
    const { id } = await session.actions.spawnAgent({ name: 'worker', task: 'one' });
    await agentWhen(session, 'worker', (_it, view) => view.turn !== undefined, 'at work');
    const { pid } = session.runner.view(id);
    await session.actions.changePermissions('worker', 'read-only', { mayWiden: false });
    assert.equal(session.runner.view(id).pid, pid);
    turn.open();
    await agentWhen(session, 'worker', (it) => it.roundsCompleted === 1, 'one round');
    const again = await eventually(async () => (await threadsOpened())[1]);
    assert.ok(JSON.stringify(again).includes(':read-only'));
    assert.equal(Object(again).approvalPolicy, 'on-request');
  });

  it('are known to all windows, private, in no record, and gone with the agent', async () => {
    const first = await open();
    const second = await open();
    const { id } = await first.actions.spawnAgent({ name: 'worker' });
    await agentWhen(second, 'worker', () => true, 'seen');
    await second.actions.changePermissions('worker', 'ask', { mayWiden: true });
    await eventually(() => first.runner.view(id).permissions === 'ask');
    const files = await readdir(path.join(town.storage, 'permissions'), { recursive: true, withFileTypes: true });
    assert.ok(files.some((one) => one.isFile()));
    for (const one of files) {
      const { mode } = await stat(path.join(one.parentPath, one.name));
      assert.equal(mode & 0o077, 0, one.name);
    }
    const record = await town.redis.client().hgetall(keys.agent(id));
    assert.doesNotMatch(JSON.stringify(record), /permission|sandbox|"ask"/i);

    await agentWhen(first, 'worker', (it) => it.state === 'idle' || it.state === 'cold', 'at rest');
    await first.actions.removeAgent('worker');
    await eventually(async () => {
      const left = await readdir(path.join(town.storage, 'permissions'), { recursive: true, withFileTypes: true });
      return left.every((one) => !one.isFile());
    });
  });

  it('are not got back by a record that somebody removes and makes anew', async () => {
    const session = await open();
    const wide = await session.actions.spawnAgent({ name: 'wide', permissions: 'full' }, { mayWiden: true });
    const narrow = await session.actions.spawnAgent({ name: 'narrow', permissions: 'read-only' });
    for (const { id } of [wide, narrow]) {
      await agentWhen(
        session,
        id === wide.id ? 'wide' : 'narrow',
        (it) => it.state === 'idle' || it.state === 'cold',
        'at rest',
      );
      const redis = town.redis.client();
      const record = await redis.hgetall(keys.agent(id));
      await redis.del(keys.agent(id));
      await eventually(() => !session.mirror.agents.has(id));
      await redis.hset(keys.agent(id), record);
      await eventually(() => session.mirror.agents.has(id));
    }
    await eventually(() => session.runner.view(wide.id).permissions === undefined);
    // What is narrower than the settings stays.
    assert.equal(session.runner.view(narrow.id).permissions, 'read-only');
  });

  it('are only narrowed by programs, and chosen for agents on Codex that live here', async () => {
    const session = await open({ agentClis: { other: { command: 'sleep 600' } }, approvalPolicy: 'on-request' });
    const { actions } = session;
    const refused = (mode: PermissionMode | undefined, reason: string): Promise<void> =>
      assert.rejects(actions.changePermissions('worker', mode, { mayWiden: false }), { reason });
    await assert.rejects(actions.spawnAgent({ name: 'worker', permissions: 'full' }), { reason: 'onlyNarrows' });
    assert.deepEqual([...session.mirror.agents.values()], []);
    await actions.spawnAgent({ name: 'worker' });
    await refused('full', 'onlyNarrows');
    await actions.changePermissions('worker', 'ask', { mayWiden: false });
    await refused('workspace', 'onlyNarrows');
    await refused(undefined, 'onlyNarrows');
    await assert.rejects(actions.spawnAgent({ name: 'else', cli: 'other', permissions: 'read-only' }), {
      reason: 'notCodex',
    });
    await actions.spawnAgent({ name: 'else', cli: 'other' });
    const asPerson = { mayWiden: true };
    await assert.rejects(actions.changePermissions('else', 'read-only', asPerson), { reason: 'notCodex' });
  });

  it('that were chosen beat what the workspace narrows, and a project’s Codex configuration does not count', async function () {
    if (process.platform !== 'linux') this.skip();
    await appendFile(
      path.join(town.codexHome, 'config.toml'),
      `\n[projects.${JSON.stringify(town.folder)}]\ntrust_level = "trusted"\n`,
    );
    await mkdir(path.join(town.folder, '.codex'));
    await writeFile(path.join(town.folder, '.codex/config.toml'), 'sandbox_mode = "danger-full-access"\n');
    const session = await open({ workspace: { sandbox: 'read-only' } });
    tries();
    await session.actions.spawnAgent({ name: 'worker' });
    assert.doesNotMatch(await work(session, 'worker', 'one'), /WRITABLE/);
    await session.actions.changePermissions('worker', 'workspace', { mayWiden: true });
    const two = await work(session, 'worker', 'two');
    assert.match(two, /WRITABLE/);
    assert.doesNotMatch(two, /ANYWHERE/);
  });
});
