/** Gathers what the doctor judges, with or without a town. Starts nothing but Codex, and changes nothing. */
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import type { AccountState } from '../../runtime/account.ts';
import { agentEnvironment } from '../../runtime/agentEnvironment.ts';
import { cliProgram } from '../../runtime/clis.ts';
import { Runtimes } from '../../runtime/runtimes.ts';
import { type TownConfig, readTownConfig } from '../../town/config.ts';
import { type RedisTarget, describeTarget } from '../../town/redis/address.ts';
import { openRedis } from '../../town/redis/connect.ts';
import { type RedisHealth, redisHealth } from '../../town/redis/health.ts';
import { placed } from '../../town/redis/privatePlace.ts';
import { type RedisClaim, type ResolveOptions, resolveRedis } from '../../town/redis/resolve.ts';
import { findServerProgram } from '../../town/redis/serverProgram.ts';
import { within } from '../../util/boundedWait.ts';
import { type Trouble, troubleOf } from './examination.ts';
import { folderIdentity } from '../../util/folderIdentity.ts';
import { homeFolder } from '../../util/homeFolder.ts';
import type { Logger } from '../../util/logger.ts';
import { ProcessRegistry } from '../../process/processRegistry.ts';
import { hasEnded, isAlive } from '../../process/processTable.ts';
import { findProgram } from '../../process/programs.ts';
import type { Said } from '../../util/sentence.ts';
import type { TownExamination } from './examination.ts';
import type { TownSettings } from '../settings.ts';
import { RedisUnconfirmed } from '../trust/redisUnconfirmed.ts';
import type { Answer } from '../trust/workspaceValue.ts';
import type { ToolBundles } from '../townAccess.ts';

export interface DoctorFacts {
  trusted: boolean;
  folder: string | undefined;
  /** Undefined if it was not read, because the folder is not trusted or there is none. */
  config: { state: 'none' } | { state: 'bad'; problem: Said } | { state: 'ok'; name: string } | undefined;
  /** Why the folder's town is not open. */
  notOpen: Trouble | undefined;
  /** Undefined if no program may run. */
  codex: { ok: true; path: string; version: string } | { ok: false; problem: Trouble } | undefined;
  account: AccountState | { state: 'unknown'; problem: Trouble } | undefined;
  /** Undefined if the folder is not trusted. */
  redis: RedisFacts | undefined;
  places: Place[];
  /** Processes whose window is gone. */
  leftOver: number;
  missingTools: string[];
  /** CLIs that agents need and this machine lacks. */
  missingClis: { cli: string; agents: string[] }[];
  town: TownExamination | undefined;
}

export type RedisSource = 'setting' | 'environment' | 'tinytown.toml' | 'private';

export type RedisFacts =
  | { state: 'connected'; source: RedisSource; where: string; health: RedisHealth; notifies: boolean | undefined }
  | { state: 'problem'; source: RedisSource; where: string; problem: Trouble }
  /** A private server that starts with the town. */
  | { state: 'notStarted'; program: string }
  | { state: 'missing'; problem: Trouble };

/** A file or folder of ours that exists. */
export interface Place {
  path: string;
  /** Permission bits. */
  mode: number;
  wanted: number;
}

export interface DoctorOptions {
  trusted: boolean;
  folder: string | undefined;
  storageDir: string;
  settings: TownSettings;
  /** The user's answer about a Redis that is not in the settings. */
  answer: (claim: RedisClaim) => Answer;
  bundles: ToolBundles;
  /** Of the open town. */
  examine: (() => Promise<TownExamination>) | undefined;
  notOpen: Trouble | undefined;
  readonly account: () => Promise<AccountState>;
  logger: Logger;
}

/** How long a single question may take, in milliseconds. */
const QUESTION_MS = 10_000;

/** Never rejects. Facts that could not be read are part of the result. */
export async function gatherFacts(options: DoctorOptions): Promise<DoctorFacts> {
  const { trusted, folder, settings, bundles, storageDir } = options;
  const read = trusted && folder !== undefined ? await readTownConfig(folder).catch(() => undefined) : undefined;
  const config = read?.ok ? read.value : undefined;
  const town = await options.examine?.();
  const registry = new ProcessRegistry(path.join(storageDir, 'processes'));
  const codex = trusted ? await codexFacts(new Runtimes(registry, '', () => settings)) : undefined;
  const [account, redis, places, leftOver, missingTools, missingClis] = await Promise.all([
    codex?.ok ? accountOf(options) : undefined,
    trusted ? redisFacts(options, config, town) : undefined,
    privatePlaces(options, config),
    leftOverProcesses(registry),
    missing([bundles.mcp, bundles.tt]),
    missingCliPrograms(town, { ...config?.agentClis, ...settings.agentClis }, environment(settings)),
  ]);
  return {
    trusted,
    folder,
    config: !trusted || folder === undefined ? undefined : configState(read),
    notOpen: options.notOpen,
    codex,
    account,
    redis,
    places,
    leftOver,
    missingTools,
    missingClis,
    town,
  };
}

function environment({ codexEnv }: TownSettings): Record<string, string | undefined> {
  return agentEnvironment(process.env, codexEnv);
}

function configState(read: Awaited<ReturnType<typeof readTownConfig>>): DoctorFacts['config'] {
  if (!read) return { state: 'none' };
  return read.ok ? { state: 'ok', name: read.value.name } : { state: 'bad', problem: read.reason };
}

async function codexFacts(runtimes: Runtimes): Promise<DoctorFacts['codex']> {
  try {
    const { path: file, version } = await runtimes.findCodex();
    return { ok: true, path: file, version };
  } catch (error) {
    return { ok: false, problem: troubleOf(error) };
  }
}

async function accountOf({ account }: DoctorOptions): Promise<DoctorFacts['account']> {
  try {
    return await within(account(), QUESTION_MS, 'Codex');
  } catch (error) {
    return { state: 'unknown', problem: troubleOf(error) };
  }
}

async function redisFacts(
  { settings, folder, storageDir, logger, answer }: DoctorOptions,
  config: TownConfig | undefined,
  town: TownExamination | undefined,
): Promise<RedisFacts> {
  const { redisUrl: setting, redisPassword: password, redisServerPath } = settings;
  const { env } = process;
  const target = await redisTarget({ setting, password, env, config, folder, storageDir, answer });
  if ('asks' in target) {
    const source = target.asks.kind === 'redisVariable' ? 'environment' : 'tinytown.toml';
    const problem = troubleOf(new RedisUnconfirmed(target.asks));
    return { state: 'problem', source, where: target.asks.where, problem };
  }
  const source = target.kind === 'url' ? target.source : 'private';
  const where = describeTarget(target);
  if (town?.redis.ok) {
    const { health, wake } = town.redis;
    return { state: 'connected', source, where: town.redis.where, health, notifies: wake === 'notifications' };
  }
  if (town && !town.redis.ok) return { state: 'problem', source, where, problem: town.redis.problem };
  if (target.kind === 'private' && (await modeOf(target.socketPath)) === undefined) {
    try {
      return { state: 'notStarted', program: findServerProgram(redisServerPath, env) };
    } catch (error) {
      return { state: 'missing', problem: troubleOf(error) };
    }
  }
  try {
    const redis = await within(openRedis(target, logger), QUESTION_MS, 'Redis');
    try {
      return { state: 'connected', source, where, health: await redisHealth(redis), notifies: undefined };
    } finally {
      redis.close();
    }
  } catch (error) {
    return { state: 'problem', source, where, problem: troubleOf(error) };
  }
}

async function redisTarget(
  options: Omit<ResolveOptions, 'folder'> & { folder: string | undefined },
): Promise<RedisTarget | { asks: RedisClaim }> {
  const folder = options.folder ?? homeFolder();
  const { path: realFolder } = (await folderIdentity(folder)) ?? { path: folder };
  const resolved = resolveRedis({ ...options, folder: realFolder });
  return 'asks' in resolved ? resolved : await placed(resolved.target, folder, false);
}

async function privatePlaces(
  { storageDir, settings, folder, answer }: DoctorOptions,
  config: TownConfig | undefined,
): Promise<Place[]> {
  if (process.platform === 'win32') return [];
  const wanted: [string, number][] = [[path.join(storageDir, 'processes'), 0o700]];
  const { redisUrl: setting, redisPassword: password } = settings;
  const { env } = process;
  const target = await redisTarget({ setting, password, env, config, folder, storageDir, answer });
  if ('kind' in target && target.kind === 'private') {
    wanted.push([target.dir, 0o700], [path.dirname(target.socketPath), 0o700], [target.socketPath, 0o600]);
  }
  const places = await Promise.all(
    [...new Map(wanted)].map(async ([place, bits]) => {
      const mode = await modeOf(place);
      return mode === undefined ? [] : [{ path: place, mode, wanted: bits }];
    }),
  );
  return places.flat();
}

function modeOf(file: string): Promise<number | undefined> {
  return stat(file).then(
    ({ mode }) => mode & 0o777,
    () => undefined,
  );
}

async function leftOverProcesses(registry: ProcessRegistry): Promise<number> {
  const records = await registry.list();
  const left = await Promise.all(
    records.map(async (record) => !record.detached && (await isAlive(record)) && (await hasEnded(record.owner))),
  );
  return left.filter(Boolean).length;
}

async function missing(files: readonly string[]): Promise<string[]> {
  const looked = await Promise.all(
    files.map((file) =>
      access(file).then(
        () => [],
        () => [file],
      ),
    ),
  );
  return looked.flat();
}

async function missingCliPrograms(
  town: TownExamination | undefined,
  overrides: TownSettings['agentClis'],
  env: Record<string, string | undefined>,
): Promise<DoctorFacts['missingClis']> {
  const clis = [...new Set(town?.agents.map(({ cli }) => cli))];
  const looked = await Promise.all(
    clis.map(async (cli) => {
      const program = cliProgram(cli, overrides);
      if (program === 'codex' || (program !== undefined && (await findProgram(program, env)).ok)) return [];
      return [{ cli, agents: town?.agents.flatMap((agent) => (agent.cli === cli ? [agent.name] : [])) ?? [] }];
    }),
  );
  return looked.flat();
}
