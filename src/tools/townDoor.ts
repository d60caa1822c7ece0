/** Opens the town of whoever started this process, when it is first needed: from the environment, else from `tinytown.toml`. */
import { access } from 'node:fs/promises';
import path from 'node:path';
import { ActivityLog } from '../town/activity.ts';
import { AgentStore } from '../town/agents.ts';
import { TOWN_FILE, type TownConfig, readTownConfig } from '../town/config.ts';
import { InboxStore } from '../town/inbox.ts';
import { TownKeys, isId, townNameProblem } from '../town/keys.ts';
import { type TownRedis, openRedis } from '../town/redis/connect.ts';
import type { RedisTarget } from '../town/redis/address.ts';
import { resolveRedis } from '../town/redis/resolve.ts';
import { TaskStore } from '../town/tasks.ts';
import { TinytownError } from '../util/errors.ts';
import type { Logger } from '../util/logger.ts';
import { say } from '../util/sentence.ts';
import type { Self, ToolContext, ToolTown } from './operation.ts';
import { findAddressee, supervisor } from './people.ts';

export interface TownPlace {
  /** `TINYTOWN_TOWN` (the town's name), `REDIS_URL`, `TINYTOWN_AGENT_ID` and `TINYTOWN_AGENT_NAME` say which town and who. */
  env: Readonly<Record<string, string | undefined>>;
  /** The town's folder or one below it; given, it must be of the town that the environment names. */
  folder?: string | undefined;
  /** Where to look upwards for a town otherwise. */
  cwd: string;
  logger: Logger;
}

export class TownDoor {
  private readonly place: TownPlace;
  private opening: Promise<ToolContext> | undefined;
  private redis: TownRedis | undefined;

  constructor(place: TownPlace) {
    this.place = place;
  }

  /**
   * The open town and who acts in it; calls share one promise, and one that failed is tried again by the next.
   * @throws TinytownError `noTown`, `noRedis`, `notYours`, `agentGone`, or with a `RedisErrorReason`
   */
  open(): Promise<ToolContext> {
    this.opening ??= this.openOnce().catch((error: unknown) => {
      this.opening = undefined;
      this.close();
      throw error;
    });
    return this.opening;
  }

  /** Ends the connection. */
  close(): void {
    this.redis?.close();
    this.redis = undefined;
  }

  private async openOnce(): Promise<ToolContext> {
    const { env, logger } = this.place;
    const { name, target } = await placeOf(this.place);
    const redis = await openRedis(target, logger);
    this.redis = redis;
    const keys = new TownKeys(name);
    const town: ToolTown = {
      name,
      agents: new AgentStore(redis, keys),
      tasks: new TaskStore(redis, keys),
      inbox: new InboxStore(redis, keys),
      activity: new ActivityLog(redis, keys),
    };
    return { town, self: await selfOf(town, env) };
  }
}

async function placeOf({ env, folder, cwd }: TownPlace): Promise<{ name: string; target: RedisTarget }> {
  const named = env.TINYTOWN_TOWN || undefined;
  const found = await townAbove(folder ?? cwd);
  // The environment's town needs no file; one that is there still says which certificates belong to its Redis.
  const config = found?.ok === true ? found.value : undefined;
  if (named === undefined || folder !== undefined) {
    if (found === undefined) {
      const where = folder === undefined ? 'here or above' : `in ${folder} or above`;
      throw new TinytownError('noTown', `There is no ${TOWN_FILE} ${where}.`, {
        hint: 'Go to a town’s folder, or name it with --town DIR.',
      });
    }
    if (!found.ok) throw new TinytownError('badTownConfig', found.reason);
  }
  const name = named ?? config?.name ?? '';
  if (folder !== undefined && config?.name !== name) {
    throw new TinytownError('notYours', `You act only in your own town, ${name}.`, { hint: 'Leave --town out.' });
  }
  const problem = townNameProblem(name);
  if (problem !== undefined) throw new TinytownError('noTown', say('TINYTOWN_TOWN cannot be used: {0}', problem));
  return { name, target: redisOf(env, config) };
}

function redisOf(env: TownPlace['env'], config: TownConfig | undefined): RedisTarget {
  if ((env.REDIS_URL ?? '') === '' && config?.redis === undefined) {
    throw new TinytownError('noRedis', 'It is not known which Redis holds the town.', {
      hint: `Set REDIS_URL, or name it under [redis] in ${TOWN_FILE}.`,
    });
  }
  const target = resolveRedis({ setting: '', password: undefined, env, config, folder: '', storageDir: '' });
  return target.kind === 'url' ? { ...target, tls: target.tls ?? config?.redis?.tlsFiles } : target;
}

/** The configuration of the nearest town at or above a folder. */
async function townAbove(folder: string): ReturnType<typeof readTownConfig> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const here = await access(path.join(at, TOWN_FILE)).then(
      () => true,
      () => false,
    );
    if (here) return await readTownConfig(at);
    if (at === path.dirname(at)) return undefined;
  }
}

async function selfOf(town: ToolTown, env: TownPlace['env']): Promise<Self> {
  const id = env.TINYTOWN_AGENT_ID || undefined;
  const name = env.TINYTOWN_AGENT_NAME || undefined;
  if (id === undefined) return name === undefined ? supervisor : await findAddressee(town, name);
  const record = isId(id) ? await town.agents.get(id.toLowerCase()) : undefined;
  if (record) return record;
  throw new TinytownError('agentGone', `You are not an agent of the town ${town.name} (any more).`, {
    hint: 'Whoever runs you has to look at TINYTOWN_AGENT_ID.',
  });
}
