/** Opens the town of the process's caller on first use. The access file names the town (`accessFile.ts`). */
import { access } from 'node:fs/promises';
import path from 'node:path';
import { ActivityLog } from '../town/records/activity.ts';
import { AgentStore } from '../town/stores/agents.ts';
import { type Access, readAccess, targetOf } from '../town/accessFile.ts';
import { TOWN_FILE, readTownConfig } from '../town/config.ts';
import { InboxStore } from '../town/stores/inbox.ts';
import { SUPERVISOR_ID, TownKeys, isId } from '../town/keys.ts';
import { type TownRedis, openRedis } from '../town/redis/connect.ts';
import { TaskStore } from '../town/stores/tasks.ts';
import { TinytownError } from '../util/errors.ts';
import type { Logger } from '../util/logger.ts';
import type { Self, ToolContext, ToolTown } from './operation.ts';
import { supervisor } from './people.ts';

export interface TownPlace {
  /** `TINYTOWN_ACCESS` names the access file. */
  env: Readonly<Record<string, string | undefined>>;
  /** The town's folder or one below it. If given, it must belong to the same town. */
  folder?: string | undefined;
  logger: Logger;
}

export class ToolConnection {
  private readonly place: TownPlace;
  private opening: Promise<ToolContext> | undefined;
  private redis: TownRedis | undefined;

  constructor(place: TownPlace) {
    this.place = place;
  }

  /**
   * The open town and the caller. Concurrent calls share one promise. After a failure the next call tries again.
   * @throws TinytownError `notProven`, `noTown`, `notYours`, `agentGone`, or with a `RedisErrorReason`
   */
  open(): Promise<ToolContext> {
    this.opening ??= this.openOnce().catch((error: unknown) => {
      this.opening = undefined;
      this.close();
      throw error;
    });
    return this.opening;
  }

  /** Closes the connection. */
  close(): void {
    this.redis?.close();
    this.redis = undefined;
  }

  private async openOnce(): Promise<ToolContext> {
    const { env, folder, logger } = this.place;
    const access = await readAccess(env);
    if (folder !== undefined) await mustBeOf(access, folder);
    const redis = await openRedis(targetOf(access), logger);
    this.redis = redis;
    const keys = new TownKeys(access.town);
    const town: ToolTown = {
      name: access.town,
      agents: new AgentStore(redis, keys),
      tasks: new TaskStore(redis, keys),
      inbox: new InboxStore(redis, keys),
      activity: new ActivityLog(redis, keys),
    };
    return { town, self: await selfOf(town, access) };
  }
}

async function mustBeOf({ town }: Access, folder: string): Promise<void> {
  const found = await townAbove(folder);
  if (found === undefined) {
    throw new TinytownError('noTown', `There is no ${TOWN_FILE} in ${folder} or above.`, { hint: 'Leave --town out.' });
  }
  if (!found.ok) throw new TinytownError('badTownConfig', found.reason);
  if (found.value.name === town) return;
  throw new TinytownError('notYours', `You can act only in your own town, ${town}.`, { hint: 'Leave --town out.' });
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

async function selfOf(town: ToolTown, { self: id }: Access): Promise<Self> {
  if (id === SUPERVISOR_ID) return supervisor;
  const record = isId(id) ? await town.agents.get(id.toLowerCase()) : undefined;
  if (record) return record;
  throw new TinytownError('agentGone', `You are no longer an agent of the town ${town.name}.`);
}
