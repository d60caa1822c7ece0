/** The surroundings of a run: a real Redis behind a proxy, the real Codex, a scripted model, windows, raw writers. */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import * as z from 'zod/mini';
import { TownKeys } from '../../src/town/keys.ts';
import { type ProcessRecord, ProcessRegistry } from '../../src/process/processRegistry.ts';
import { builtBundles } from '../support/bundles.ts';
import { type Family, startFamily } from '../support/children.ts';
import { type CodexHome, codexHome, codexPath } from '../support/codexHome.ts';
import { type TestRedis, startTestRedis } from '../support/redis.ts';
import { usageLimit } from '../support/scriptedModelStream.ts';
import { type ScriptedModel, startScriptedModel } from '../support/scriptedModel.ts';
import { shortTempDir } from '../support/shortTempDir.ts';
import { otherPlacesAreAllowed } from '../support/otherPlace.ts';
import { tempDir } from '../support/tempDir.ts';
import { type CuttingProxy, startCuttingProxy } from '../support/cuttingProxy.ts';
import { chaosScript, type ModelWatch } from './modelScript.ts';
import { ANSWER_MS, LEASE_MS, LIMIT_TICK_MS, PATIENCE_MS, REDIS_TIMES, REPLY_MS } from './schedule.ts';
import { ChaosWindow } from './window.ts';

export const TOWN = 'chaos';
/** The CLI of agents that have no session and do not use Codex. */
export const OTHER_CLI = 'other';
const otherCli = path.join(import.meta.dirname, 'otherCli.ts');
/** The first wait before a retry, in milliseconds. */
const RETRY_MS = 25;

export class World {
  readonly keys = new TownKeys(TOWN);
  readonly windows: ChaosWindow[] = [];
  readonly redis: TestRedis;
  readonly model: ScriptedModel;
  readonly watch: ModelWatch;
  readonly proxy: CuttingProxy;
  readonly family: Family;
  readonly home: CodexHome;
  readonly logFile: string;
  private readonly otherLog: string;
  /** A connection that bypasses the proxy. */
  readonly direct: Redis;
  private readonly folder: string;
  private readonly temp: Awaited<ReturnType<typeof shortTempDir>>;
  private readonly bundles: Awaited<ReturnType<typeof builtBundles>>;
  private readonly dir: Awaited<ReturnType<typeof tempDir>>;
  private readonly log: number;
  private opened = 0;
  private ended = false;

  private constructor(parts: Pick<World, 'redis' | 'model' | 'watch' | 'proxy' | 'home'> & Parts) {
    this.redis = parts.redis;
    this.model = parts.model;
    this.watch = parts.watch;
    this.proxy = parts.proxy;
    this.home = parts.home;
    this.temp = parts.temp;
    this.bundles = parts.bundles;
    this.dir = parts.dir;
    this.folder = path.join(parts.dir.path, 'town');
    this.family = startFamily(parts.dir.path);
    this.logFile = path.join(parts.dir.path, 'windows.log');
    this.log = openSync(this.logFile, 'a', 0o600);
    this.otherLog = path.join(parts.dir.path, 'other.log');
    closeSync(openSync(this.otherLog, 'a', 0o600));
    this.direct = this.redis.client();
  }

  static async create(seed: number): Promise<World> {
    const dir = await tempDir(`chaos-${seed}`);
    await mkdir(path.join(dir.path, 'town'));
    await writeFile(path.join(dir.path, 'town/tinytown.toml'), `name = "${TOWN}"\n`);
    const { script, watch } = chaosScript(seed);
    const [redis, model, temp, bundles] = await Promise.all([
      startTestRedis(),
      startScriptedModel({ script }),
      shortTempDir(),
      builtBundles(),
    ]);
    const home = await codexHome(model.url);
    const proxy = await startCuttingProxy(redis.socketPath, path.join(redis.dir, 'proxy.sock'));
    return new World({ redis, model, watch, proxy, home, temp, bundles, dir });
  }

  /** Windows whose process exists, stopped or not. */
  get alive(): ChaosWindow[] {
    return this.windows.filter(({ isRunning }) => isRunning);
  }

  /** @throws Error if the run is over, because nobody would close the window. */
  openWindow(otherPlace = false): ChaosWindow {
    if (this.ended) throw new Error('The run is over.');
    this.opened += 1;
    const options = {
      name: `window${this.opened}`,
      folder: this.folder,
      storageDir: path.join(this.dir.path, 'storage'),
      redisUrl: this.proxy.url,
      codexPath,
      codexEnv: this.home.own,
      bundles: this.bundles,
      agentClis: { [OTHER_CLI]: { command: `${process.execPath} ${otherCli} ${this.otherLog}` } },
      times: {
        leaseMs: LEASE_MS,
        retryMs: RETRY_MS,
        patienceMs: PATIENCE_MS,
        answerMs: ANSWER_MS,
        replyMs: REPLY_MS,
        limitTickMs: LIMIT_TICK_MS,
        redis: REDIS_TIMES,
      },
    };
    const env = { ...this.home.env, ...this.temp.env, ...this.family.env, REDIS_URL: '' };
    const window = new ChaosWindow(options, {
      env,
      logFile: this.log,
      otherPlace: otherPlace && otherPlacesAreAllowed(),
    });
    this.windows.push(window);
    return window;
  }

  /** Uses up the limit. Resolves when the model works again. */
  async useUp(forMs: number): Promise<void> {
    const { script } = this.model;
    // Codex counts in whole seconds.
    const resetsAt = Math.ceil((Date.now() + forMs) / 1_000);
    this.model.script = (request) => (Date.now() < resetsAt * 1_000 ? [usageLimit(resetsAt)] : script(request));
    await pause(resetsAt * 1_000 - Date.now());
  }

  /** Processes that windows have recorded, living or not. */
  async agentProcesses(): Promise<ProcessRecord[]> {
    const registry = new ProcessRegistry(path.join(this.dir.path, 'storage/processes'));
    return await registry.list();
  }

  /** The window that the agent's lease names, dead or alive. Undefined if Redis does not say. */
  async ownerOf(agentId: string): Promise<string | undefined> {
    return (await this.direct.get(this.keys.lease(agentId)).catch(() => null)) ?? undefined;
  }

  /** The prompts of all runs of the other CLI. */
  otherRuns(): string[] {
    const lines = readFileSync(this.otherLog, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => z.string().parse(JSON.parse(line)));
  }

  /** The agent that a process works for, according to its environment. */
  agentOf(pid: number): string | undefined {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      return environment.find((it) => it.startsWith('TINYTOWN_AGENT_ID='))?.slice('TINYTOWN_AGENT_ID='.length);
    } catch {
      return undefined;
    }
  }

  async end(): Promise<void> {
    this.ended = true;
    for (const window of this.alive) await window.kill();
    await this.family.end();
    await Promise.all([this.proxy.close(), this.model.close()]);
    await this.redis.stop();
    closeSync(this.log);
  }

  async remove(): Promise<void> {
    await Promise.all([this.dir.remove(), this.temp.remove(), this.home.remove()]);
  }
}

interface Parts {
  temp: Awaited<ReturnType<typeof shortTempDir>>;
  bundles: Awaited<ReturnType<typeof builtBundles>>;
  dir: Awaited<ReturnType<typeof tempDir>>;
}
