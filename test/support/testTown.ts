/** A whole town for a test, without an editor: real Redis, real Codex, a scripted model, and sessions in place of windows. */
import type { AgentRequest } from '../../src/runtime/agentRequest.ts';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { AgentView } from '../../src/loop/state/agentView.ts';
import type { TownSettings } from '../../src/loop/settings.ts';
import {
  type SessionOptions,
  type SessionTimes,
  type TownSession,
  openTownSession,
} from '../../src/loop/townSession.ts';
import { TOOLS_SERVER } from '../../src/runtime/toolsServer.ts';
import type { AgentRecord } from '../../src/town/records/records.ts';
import type { Logger } from '../../src/util/logger.ts';
import { Confirmations } from '../../src/loop/trust/confirmations.ts';
import { builtBundles } from './bundles.ts';
import { type CodexHome, codexHome, codexPath } from './codexHome.ts';
import { confirmationMemory } from './confirmations.ts';
import { eventually } from './eventually.ts';
import { type TestRedis, startTestRedis } from './redis.ts';
import { type Script, type ScriptedModel, type Step, startScriptedModel } from './scriptedModel.ts';
import { tempDir } from './tempDir.ts';

export interface TestTown {
  readonly folder: string;
  readonly redis: TestRedis;
  readonly model: ScriptedModel;
  /** The extension's storage folder. */
  readonly storage: string;
  /** Codex's own folder. */
  readonly codexHome: string;
  /** The log lines of all windows, for a failing test to show. */
  readonly log: readonly string[];
  /** Opens a window, which is closed with the town. A window with its own storage stands for one on another machine. */
  open(
    settings?: Partial<TownSettings>,
    times?: Partial<SessionTimes>,
    place?: Partial<Pick<SessionOptions, 'machine' | 'folder' | 'storageDir' | 'bundles'>>,
  ): Promise<TownSession>;
  /** Opens a window whose user lets agents pick up backlog tasks on their own, without delay. */
  openWithPickup(times?: Partial<SessionTimes>): Promise<TownSession>;
  close(): Promise<void>;
}

/**
 * @param script The model's script.
 * @param options For Codex's own configuration.
 * @param storageName Prefix for the name of the extension's storage folder.
 */
export async function startTestTown(
  script?: Script,
  options: Parameters<typeof codexHome>[1] = {},
  storageName = 'storage',
): Promise<TestTown> {
  const folder = await tempDir('town');
  const storage = await tempDir(storageName);
  const [redis, model] = await Promise.all([startTestRedis(), startScriptedModel(script ? { script } : {})]);
  const home: CodexHome = await codexHome(model.url, options);
  await writeFile(path.join(folder.path, 'tinytown.toml'), 'name = "test-town"\n');
  const log: string[] = [];
  const sessions: TownSession[] = [];
  const memory = confirmationMemory();
  const town: TestTown = {
    folder: folder.path,
    storage: storage.path,
    redis,
    model,
    codexHome: home.home,
    log,
    async open(settings = {}, times, place = {}) {
      const session = await openTownSession({
        folder: folder.path,
        storageDir: storage.path,
        settings: { ...testSettings(redis.url, home), ...settings },
        confirmations: new Confirmations(folder.path, memory),
        version: '0.0.0-test',
        bundles: await builtBundles(),
        logger: collectingLogger(log),
        ...(times && { times }),
        ...place,
      });
      sessions.push(session);
      return session;
    },
    async openWithPickup(times) {
      const session = await town.open({}, { quietMs: 20, ...times });
      await session.pickup.set('yes');
      return session;
    },
    async close() {
      for (const session of sessions) await session.close();
      await Promise.all([redis.stop(), model.close()]);
      await Promise.all([folder.remove(), storage.remove(), home.remove()]);
    },
  };
  return town;
}

/** Closes a suite's town after each test. After a failed test, first prints the log of its windows. */
export function closesAfterEach(town: () => TestTown | undefined): void {
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') process.stderr.write(`${town()?.log.join('\n')}\n`);
    await town()?.close();
  });
}

/** How often a message with this line has reached the model, over all threads. */
export function timesDelivered({ model }: TestTown, text: string): number {
  const threads = new Map(model.requests.map(({ threadId, userTexts }) => [threadId, userTexts]));
  return [...threads.values()].flat().filter((message) => new RegExp(`^${text}$`, 'm').test(message)).length;
}

/** A model that completes its prompt's task with the agent's tool, and then ends its turn. */
export const completeTask: Script = ({ userTexts, lastUserText, toolOutputs }) => {
  const taskId = /\bTask ([0-9a-f-]{36}), assigned by/.exec(userTexts.toReversed().join('\n'))?.[1];
  if (taskId === undefined || toolOutputs.length > 0) return [{ text: `done: ${lastUserText.slice(0, 60)}` }];
  return [taskTool('task_complete', { task_id: taskId, result: 'as was asked' })];
};

/** A call of one of the agents' tools. */
export function taskTool(name: string, args: Record<string, unknown>): Step {
  return { tool: { namespace: `mcp__${TOOLS_SERVER}`, name, arguments: args } };
}

/** Allows agents to run this CLI's program, like a user who is asked. */
export async function allowProgram({ trust }: TownSession, cli: string): Promise<void> {
  const program = trust.program(cli);
  if (program) await trust.confirmations.confirm(program);
}

/** Settings for the real Codex with the scripted model. */
export function testSettings(redisUrl: string, home: Pick<CodexHome, 'own'>): TownSettings {
  return {
    redisUrl,
    redisPassword: undefined,
    redisServerPath: '',
    codexPath,
    codexEnv: home.own,
    agentClis: {},
    model: undefined,
    reasoningEffort: undefined,
    approvalPolicy: 'on-request',
    sandbox: 'danger-full-access',
    persistent: undefined,
    cli: undefined,
    idleTimeoutSeconds: undefined,
    maxRounds: 0,
    maxAttempts: 3,
    maxAgents: undefined,
    workspace: {},
  };
}

/** Resolves with the agent's record once it fits. */
export function agentWhen(
  session: TownSession,
  name: string,
  fits: (record: AgentRecord, view: AgentView) => boolean,
  what: string,
): Promise<AgentRecord> {
  return eventually(
    () => {
      const record = [...session.mirror.agents.values()].find((agent) => agent.name === name);
      return record && fits(record, session.runner.view(record.id)) ? record : undefined;
    },
    { what: `${name}: ${what}` },
  );
}

function collectingLogger(lines: string[]): Logger {
  const write =
    (level: string) =>
    (message: string): void => {
      lines.push(`${new Date().toISOString().slice(17)} ${level} ${message}`);
    };
  return { trace() {}, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/** What the agents of a window ask people, over all agents, oldest first. */
export function shownRequests({ mirror, runner }: TownSession): AgentRequest[] {
  return [...mirror.agents.keys()].flatMap((id) => runner.view(id).requests).toSorted((a, b) => a.askedAt - b.askedAt);
}

/** The first request that a window shows, as soon as there is one. */
export function asked(session: TownSession): Promise<AgentRequest> {
  return eventually(() => shownRequests(session)[0], { what: 'a request' });
}
