/** A town to measure: Redis with our own server's settings, real Codex, and a model that answers at once and reports requests. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import * as z from 'zod/mini';
import type { TownSettings } from '../../src/loop/settings.ts';
import { Confirmations } from '../../src/loop/trust/confirmations.ts';
import { type TownSession, openTownSession } from '../../src/loop/townSession.ts';
import { SUPERVISOR_ID, TownKeys } from '../../src/town/keys.ts';
import { encodeMessage, newMessage } from '../../src/town/records/messages.ts';
import type { AgentRecord } from '../../src/town/records/records.ts';
import { within } from '../../src/util/boundedWait.ts';
import { silentLogger } from '../../src/util/logger.ts';
import { AccessFiles } from '../../src/town/accessFile.ts';
import { type ToolBundles, toolsConfig, townEnvironment } from '../../src/loop/townAccess.ts';
import { builtBundles } from '../support/bundles.ts';
import { type CodexHome, codexHome, codexPath } from '../support/codexHome.ts';
import { type TestRedis, startTestRedis } from '../support/redis.ts';
import { tempDir } from '../support/tempDir.ts';
import { confirmationMemory } from '../support/confirmations.ts';
import { agentWhen, testSettings } from '../support/testTown.ts';

const PATIENCE_MS = 20_000;
/** Long enough for the work after a turn to end: the last looks, and the screens' reads. */
const QUIET_MS = 30;

const ready = z.object({ url: z.string() });
const asked = z.object({ token: z.string(), at: z.number() });

/** A time that all processes of this machine share, in milliseconds. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

interface BenchModel {
  readonly process: ChildProcess;
  readonly url: string;
  close(): Promise<void>;
}

async function startModel(): Promise<BenchModel> {
  const child = fork(path.join(import.meta.dirname, 'modelProcess.ts'), { stdio: 'ignore' });
  const [said]: unknown[] = await within(once(child, 'message'), PATIENCE_MS, 'The model');
  const { url } = ready.parse(said);
  return {
    process: child,
    url,
    async close() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

export class BenchTown {
  readonly keys = new TownKeys('bench');
  readonly folder: string;
  readonly redis: TestRedis;
  readonly model: BenchModel;
  readonly home: CodexHome;
  readonly client: Redis;
  readonly storage: string;
  readonly bundles: ToolBundles;
  /** Environment of the bare programs. It is the same as that of ours. */
  readonly env: NodeJS.ProcessEnv;
  private readonly closers: (() => Promise<void>)[] = [];
  private readonly awaited = new Map<string, (at: number) => void>();
  private count = 0;

  static async open(): Promise<BenchTown> {
    const folder = await tempDir('bench-town');
    const storage = await tempDir('bench-storage');
    // With the options of `redis/localServer.ts`.
    const redis = await startTestRedis({ args: ['--appendfsync', 'everysec'] });
    const model = await startModel();
    const home = await codexHome(model.url);
    const bundles = await builtBundles();
    await writeFile(path.join(folder.path, 'tinytown.toml'), 'name = "bench"\n');
    const town = new BenchTown({ folder: folder.path, storage: storage.path, redis, model, home, bundles });
    town.closers.push(
      () => model.close(),
      () => redis.stop(),
      () => home.remove(),
      () => storage.remove(),
      () => folder.remove(),
    );
    return town;
  }

  private constructor(parts: Pick<BenchTown, 'folder' | 'storage' | 'redis' | 'model' | 'home' | 'bundles'>) {
    const { redis, model, home } = parts;
    this.folder = parts.folder;
    this.storage = parts.storage;
    this.redis = redis;
    this.model = model;
    this.home = home;
    this.bundles = parts.bundles;
    this.client = redis.client();
    this.env = { ...process.env, ...home.own };
    model.process.on('message', (said) => {
      const { token, at } = asked.parse(said);
      this.awaited.get(token)?.(at);
      this.awaited.delete(token);
    });
  }

  /** Makes the model hold its answers, or release held ones and answer again. */
  holdAnswers(hold: boolean): void {
    this.model.process.send(hold ? 'hold' : 'release');
  }

  /** Settings with the real Codex, named by `codexPath`. */
  settings(changes: Partial<TownSettings> = {}): TownSettings {
    return { ...testSettings(this.redis.url, this.home), maxAgents: 100, codexPath, ...changes };
  }

  /** Opens a window, which is closed with the town. */
  async window(changes: Partial<TownSettings> = {}): Promise<TownSession> {
    const session = await openTownSession({
      folder: this.folder,
      storageDir: this.storage,
      settings: this.settings(changes),
      confirmations: new Confirmations(this.folder, confirmationMemory()),
      version: '0.0.0-bench',
      bundles: this.bundles,
      logger: silentLogger,
    });
    this.atEnd(() => session.close());
    return session;
  }

  /** Environment and thread configuration that make an app-server offer the agent's tools. */
  toolsOf(agent: AgentRecord): { env: NodeJS.ProcessEnv; config: ReturnType<typeof toolsConfig> } {
    const redis = { kind: 'url', source: 'setting', url: this.redis.url } as const;
    // The window that runs the agent has written this file.
    const access = new AccessFiles(this.storage, this.keys.town, redis).fileOf(agent.id);
    return {
      env: { ...this.env, ...townEnvironment(this.keys.town, agent) },
      config: toolsConfig(access, this.bundles),
    };
  }

  /** An agent with a live session, idle. */
  async idleAgent(session: TownSession, name: string): Promise<AgentRecord> {
    const { id } = await session.actions.spawnAgent({ name });
    await agentWhen(session, name, ({ state }) => state === 'idle', 'idle');
    return { ...(session.mirror.agents.get(id) ?? (await agentWhen(session, name, () => true, 'there'))) };
  }

  /** A text that no other message contains. `asked` resolves with the time at which the model's endpoint received it. */
  token(): { text: string; asked: Promise<number> } {
    this.count += 1;
    const text = `bench-${this.count}-token`;
    const asked = new Promise<number>((resolve) => this.awaited.set(text, resolve));
    return { text, asked: within(asked, PATIENCE_MS, `The model request for ${text}`) };
  }

  /** Puts a message into an agent's list like any client of the town. Resolves with the time just before. */
  async push(agentId: string, text: string, list: 'inbox' | 'urgent' = 'inbox'): Promise<number> {
    const message = newMessage({ type: 'task', description: text, from: SUPERVISOR_ID, to: agentId });
    const raw = encodeMessage(message);
    const start = now();
    if (list === 'inbox') await this.client.rpush(this.keys.inbox(agentId), raw);
    else await this.client.lpush(this.keys.urgent(agentId), raw);
    return start;
  }

  /** Resolves with the time at which the agent's turn completes. Call it before that. */
  turnEnd(session: TownSession, agentId: string): Promise<number> {
    const ended = new Promise<number>((resolve) => {
      const listening = session.runner.onRuntimeEvent(({ agentId: id, event }) => {
        if (id !== agentId || event.type !== 'turnCompleted') return;
        listening.dispose();
        resolve(now());
      });
    });
    return within(ended, PATIENCE_MS, 'The end of the turn');
  }

  /** Resolves when the agent is idle and all work of its last turn has ended. */
  async quiet(session: TownSession, name: string): Promise<void> {
    await agentWhen(session, name, ({ state }, { turn }) => state === 'idle' && turn === undefined, 'idle');
    await pause(QUIET_MS);
  }

  /** Runs `close` at the end. The last one added runs first. */
  atEnd(close: () => Promise<void>): void {
    this.closers.unshift(close);
  }

  async close(): Promise<void> {
    for (const close of this.closers) await close();
  }
}

/** Runs `measure` in its own town. */
export async function inTown<T>(measure: (town: BenchTown) => Promise<T>): Promise<T> {
  const town = await BenchTown.open();
  try {
    return await measure(town);
  } finally {
    await town.close();
  }
}
