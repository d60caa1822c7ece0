/**
 * Every command that acts on an agent, in every state that an agent can be in: it does what it promises, or refuses with a
 * sentence. The commands come from the manifest, so that a new one is held to this from its first day. Each pair has an agent
 * of its own; what runs is a program that does nothing for long, so that hundreds of them fit into a test.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import { replyPlan } from '../../src/town/control/control.ts';
import { RUNTIME_HOST } from '../../src/town/stores/leases.ts';
import { type AgentRecord, type AgentState } from '../../src/town/records/records.ts';
import { openRedis } from '../../src/town/redis/connect.ts';
import { Town } from '../../src/town/town.ts';
import { TownKey } from '../../src/town/control/townKey.ts';
import type { AgentSummary } from '../../src/ui/api.ts';
import { EXTENSION_ID, Setting } from '../../src/ui/ids.ts';
import { silentLogger } from '../../src/util/logger.ts';
import { eventually } from '../support/eventually.ts';
import type { TestRedis } from '../support/redis.ts';
import { tempDir } from '../support/tempDir.ts';
import { HostTown, run, setSetting } from './town.ts';

/** Longer than any command may take, in milliseconds. */
const BOUND_MS = 30_000;

type Situation = AgentState | 'external' | 'elsewhere';

const situations: readonly Situation[] = [
  'cold',
  'idle',
  'working',
  'paused',
  'draining',
  'stopped',
  'error',
  'external',
  'elsewhere',
  // Last, as the program that it waits for is everybody's.
  'starting',
];

/** Where each command does what it promises; everywhere else it says why not. */
const possible: Record<string, readonly Situation[]> = {
  assignTask: ['cold', 'starting', 'idle', 'working', 'paused', 'draining', 'external', 'elsewhere'],
  steer: ['cold', 'starting', 'idle', 'working', 'external', 'elsewhere'],
  sendMessage: situations,
  sendSelection: situations,
  attachFile: situations,
  interrupt: ['working', 'draining', 'elsewhere'],
  pauseAgent: ['cold', 'starting', 'idle', 'working', 'elsewhere'],
  resumeAgent: ['paused'],
  closeAgent: ['starting', 'idle', 'working', 'paused', 'elsewhere'],
  stopAgent: situations.filter((situation) => situation !== 'stopped'),
  restartAgent: ['cold', 'idle', 'working', 'draining', 'stopped', 'error', 'elsewhere'],
  newConversation: ['cold', 'idle', 'paused', 'stopped', 'error'],
  removeAgent: ['cold', 'idle', 'paused', 'stopped', 'error', 'external'],
  togglePersistent: situations.filter((situation) => situation !== 'external'),
  // The text is no mode.
  changePermissions: [],
  renameAgent: situations,
  takeOver: ['elsewhere'],
  adoptAgent: [],
  runAgain: [],
  dismissHeld: [],
  retryDead: [],
  dismissDead: [],
  // Nobody knows a message by such an id.
  editQueued: [],
  moveQueuedUp: [],
  moveQueuedDown: [],
  promoteQueued: [],
  removeQueued: [],
  sendDiagnostics: [],
  showOutput: situations,
  openTranscript: situations,
  exportTranscript: situations,
  // None of them has done anything yet.
  openChanges: [],
};

/** Stand in menus of agents, and are about no agent: they ask people for other things. */
const aboutNoAgent = ['signIn', 'tryNow'];

/** Ask Codex themselves: where that does not start they wait for as long as a start may take, and say so then. */
const askCodex = ['chooseModel'];

const manifest = z.object({
  contributes: z.object({
    menus: z.object({ 'view/item/context': z.array(z.object({ command: z.string(), when: z.string() })) }),
  }),
});

/** By the name behind `tinytown.`. */
function agentCommands(): string[] {
  const packageJson: unknown = vscode.extensions.getExtension(EXTENSION_ID)?.packageJSON;
  const { menus } = manifest.parse(packageJson).contributes;
  const ofRows = menus['view/item/context']
    .filter(({ when }) => /tinytown\.agents|needsYou/.test(when))
    .map(({ command }) => command.replace('tinytown.', ''));
  return [...new Set([...Object.keys(possible), ...ofRows])].filter((command) => !aboutNoAgent.includes(command));
}

describe('every command in every state of an agent', () => {
  let town: HostTown;
  /** Another window of the same town, which starts nothing. */
  let other: Town;
  let redis: ReturnType<TestRedis['client']>;
  let dir: Awaited<ReturnType<typeof tempDir>>;
  let file: string;
  let names = 0;

  before(async () => {
    town = await HostTown.prepare();
    redis = town.redis.client();
    await run('initTown', 'table');
    other = await Town.open(
      await openRedis({ kind: 'url', source: 'setting', url: town.redis.url }, silentLogger),
      'table',
      silentLogger,
    );
    await setSetting(Setting.agentClis, { sleeper: { command: 'sleep 600' } });
    // The table has an agent for each of its cells, and many of them run at the same time.
    await setSetting(Setting.maxAgents, 1_000);
    await run('spawnAgent', 'first', { cli: 'sleeper' });
    await town.agent('first', () => true);
    await run('allowHere', 'first');
    await run('stopAgent', 'first');
    await town.agent('first', ({ state }) => state === 'stopped');
    await run('removeAgent', 'first');
    dir = await tempDir('command-table');
    file = path.join(dir.path, 'lines.txt');
    await writeFile(file, 'one\ntwo\n');
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await other.leases.close();
    other.close();
    await town.end();
    await dir.remove();
  });

  async function record(state: AgentState, fields: Partial<AgentRecord> = {}): Promise<AgentRecord> {
    names += 1;
    const now = new Date().toISOString();
    const made: AgentRecord = {
      id: randomUUID(),
      name: `agent-${names}`,
      spawnMode: 'fresh',
      agentType: 'worker',
      state,
      cli: 'sleeper',
      createdAt: now,
      lastHeartbeat: now,
      lastActiveAt: now,
      tasksCompleted: 0,
      roundsCompleted: 0,
      runtimeHost: RUNTIME_HOST,
      ...fields,
    };
    await other.agents.create(made);
    await town.agent(made.name, () => true);
    return made;
  }

  function is(name: string, ...states: AgentState[]): Promise<AgentSummary> {
    return town.agent(name, ({ state }) => states.includes(state));
  }

  async function agentThatIs(situation: Situation): Promise<AgentRecord> {
    switch (situation) {
      case 'cold':
      case 'paused':
      case 'stopped':
      case 'error':
        return record(situation);
      case 'external':
        return record('idle', { runtimeHost: undefined });
      case 'elsewhere': {
        const agent = await record('stopped');
        assert.ok((await other.leases.own(agent.id)).owned);
        await other.agents.setFields(agent.id, { state: 'working' });
        await is(agent.name, 'working');
        return agent;
      }
      case 'starting': {
        const agent = await record('starting', { cli: 'codex' });
        await town.agent(agent.name, ({ state, here }) => state === 'starting' && here);
        return agent;
      }
      case 'idle':
      case 'working':
      case 'draining': {
        // Its loop makes it idle.
        const agent = await record('starting');
        await town.agent(agent.name, ({ state, here }) => state === 'idle' && here);
        if (situation === 'idle') return agent;
        await run('sendMessage', agent.name, 'Sleep');
        await is(agent.name, 'working');
        if (situation === 'draining') await run('closeAgent', agent.name);
        return agent;
      }
    }
  }

  /** The text waits for the agent, or is in its hands. */
  async function told({ id }: AgentRecord, text: string): Promise<void> {
    const lists = [other.keys.inbox(id), other.keys.urgent(id), other.keys.held(id)];
    const find = async (): Promise<boolean> => {
      const all = await Promise.all([
        ...lists.map((key) => redis.lrange(key, 0, -1)),
        redis.hvals(other.keys.inflight(id)),
      ]);
      return all.flat().join('\n').includes(text);
    };
    await eventually(find, { interval: 50, what: `A message with “${text}”` });
  }

  /** What the command promises has come about. */
  async function assertDone(command: string, agent: AgentRecord, result: unknown, text: string): Promise<void> {
    const { id, name } = agent;
    switch (command) {
      case 'assignTask':
        await told(agent, String(result));
        return;
      case 'steer':
      case 'sendMessage':
      case 'sendSelection':
      case 'attachFile':
        await told(agent, text);
        return;
      case 'pauseAgent':
        await is(name, 'paused');
        return;
      case 'resumeAgent':
        await is(name, 'idle', 'cold');
        return;
      case 'closeAgent':
        await is(name, 'draining', 'cold');
        return;
      case 'stopAgent':
        await is(name, 'stopped');
        return;
      case 'restartAgent':
      case 'newConversation':
        await is(name, 'idle', 'starting', 'working', 'paused');
        return;
      case 'removeAgent':
        await eventually(async () => !(await town.api.listAgents()).some((one) => one.id === id));
        return;
      case 'takeOver':
        await town.agent(name, ({ here }) => here);
        return;
      case 'exportTranscript':
        assert.match(await readFile(String(result), 'utf8'), new RegExp(`^# ${name}\n`));
        return;
      case 'togglePersistent':
        assert.ok(typeof result === 'object' && result !== null && 'mode' in result);
        return;
      default:
        assert.equal(result, id);
    }
  }

  /** Undefined where all is well. */
  async function problemWith(command: string, situation: Situation): Promise<string | undefined> {
    const text = `About ${command} ${situation}`;
    const agent = await agentThatIs(situation);
    if (situation === 'elsewhere') void answerFor(agent);
    const bound = new Promise<never>((_resolve, reject) => {
      setTimeout(() => reject(new Error(`gives no answer within ${BOUND_MS} ms`)), BOUND_MS).unref();
    });
    const expected = possible[command]?.includes(situation);
    try {
      const result = await Promise.race([
        run(command, agent.id, text, ...(command === 'attachFile' ? [{ files: [file] }] : [])),
        bound,
      ]);
      if (expected === false) return 'is done, though it cannot be';
      if (expected) await assertDone(command, agent, result, text);
      return undefined;
    } catch (error) {
      if (!(error instanceof Error)) return `throws ${String(error)}`;
      const isSentence = 'reason' in error && /^\p{Lu}|^“|^agent-/u.test(error.message) && /[.”]$/.test(error.message);
      if (expected || !isSentence) return error.message;
      return undefined;
    }
  }

  /** The other window does what it is asked to, if it is. */
  async function answerFor({ id }: AgentRecord): Promise<void> {
    const look = async (): Promise<string[] | undefined> =>
      (await redis.xrange(other.keys.control(id), '-', '+'))[0]?.[1];
    const nothing: string[] = [];
    const asked = await eventually(look, { timeout: BOUND_MS, interval: 50 }).catch(() => nothing);
    const token = asked[asked.indexOf('reply') + 1];
    if (asked.includes('reply') && token !== undefined) {
      await run('copyTownKey');
      const key = new TownKey(dir.path, other.keys.town);
      await key.replace(await vscode.env.clipboard.readText());
      const request = { entry: '', action: '', fields: { reply: token } };
      const plan = await replyPlan({ keys: other.keys, agentId: id }, request, { ok: true }, key);
      if (plan) await other.delivery.apply(plan);
    }
    if (asked.includes('release')) await other.leases.release([id]);
  }

  for (const situation of situations) {
    it(situation, async () => {
      if (situation === 'starting') await setSetting(Setting.codexPath, await slowCodex(dir.path));
      const tried = async (command: string): Promise<string[]> => {
        if (situation === 'starting' && askCodex.includes(command)) return [];
        const problem = await problemWith(command, situation).catch(
          (error: unknown) => `cannot be tried: ${String(error)}`,
        );
        return problem === undefined ? [] : [`${command}: ${problem}`];
      };
      const editor = await vscode.window.showTextDocument(vscode.Uri.file(file));
      editor.selection = new vscode.Selection(0, 0, 1, 0);
      // Before others open something else.
      const first = await tried('sendSelection');
      const others = agentCommands().filter((command) => command !== 'sendSelection');
      const problems = [first, ...(await Promise.all(others.map(tried)))];
      await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
      assert.deepEqual(problems.flat(), []);
      for (const { id } of await town.api.listAgents()) {
        const agent = other.mirror.agents.get(id);
        if (agent) await other.agents.remove(agent);
      }
      await eventually(async () => (await town.api.listAgents()).length === 0);
    });
  }
});

/** A Codex that tells its version and then takes forever to start. */
async function slowCodex(dir: string): Promise<string> {
  const file = path.join(dir, 'codex');
  await writeFile(file, '#!/bin/sh\n[ "$1" = --version ] && { echo codex-cli 0.169.0; exit; }\nexec sleep 600\n');
  await chmod(file, 0o755);
  return file;
}
