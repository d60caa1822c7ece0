/**
 * Which window runs which agent. A window keeps one lease of its own alive (`tt:{town}:lease:window:{window}`), and an agent's
 * lease names the window that has it. So a heartbeat costs one command, however many agents the window runs. Taking an agent
 * gives it a new random epoch that fences every write of its owner. An owner that slept through its lease, or whose epoch Redis
 * lost in a failover, can write nothing.
 */
import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import type { Disposable } from '../../util/disposable.ts';
import { Emitter } from '../../util/event.ts';
import type { Logger } from '../../util/logger.ts';
import { hasEnded, nameOfProcess } from '../../process/processTable.ts';
import type { Home } from '../records/home.ts';
import type { TownKeys } from '../keys.ts';
import type { TownRedis } from '../redis/connect.ts';
import type { LuaScript } from '../redis/script.ts';
import heartbeatSource from '../scripts/heartbeat.lua';
import ownSource from '../scripts/own.lua';
import releaseSource from '../scripts/release.lua';

/** How long a window without a heartbeat keeps its agents, in milliseconds. */
export const LEASE_MS = 15_000;

/** After this many renewals the agents' own `last_heartbeat` is written. */
const RENEWALS_PER_HEARTBEAT = 6;

/** The value of `runtime_host` of agents that this extension runs, in any window. */
export const RUNTIME_HOST = 'vscode';

export type OwnResult =
  /** `disorderly`: the last owner did not give it back. */
  | { owned: true; epoch: string; disorderly: boolean }
  | { owned: false; reason: 'gone' }
  /** The agent lives elsewhere: see `home.ts`. */
  | { owned: false; reason: 'away' }
  | { owned: false; reason: 'elsewhere'; windowId: string };

export class Leases implements Disposable {
  /**
   * `host/pid/start/place/random`. Host and process are for people. Process, start time and place let a window in the same place
   * see that this one is gone.
   */
  readonly windowId: string;
  private readonly lost = new Emitter<string>();
  /** Fires with the id of an agent that another window took while this one slept. */
  readonly onLost = this.lost.event;
  /** Epochs by agent id. */
  private readonly owned = new Map<string, string>();
  private readonly redis: TownRedis;
  private readonly keys: TownKeys;
  private readonly logger: Logger;
  private readonly leaseMs: number;
  private timer: NodeJS.Timeout | undefined;
  private starting: Promise<void> | undefined;
  private closed = false;
  private renewals = 0;

  private constructor(redis: TownRedis, keys: TownKeys, logger: Logger, windowId: string, leaseMs: number) {
    this.redis = redis;
    this.keys = keys;
    this.logger = logger;
    this.windowId = windowId;
    this.leaseMs = leaseMs;
  }

  /** Leases for this process. Nothing is written before the first agent is taken. */
  static async create(redis: TownRedis, keys: TownKeys, logger: Logger, leaseMs = LEASE_MS): Promise<Leases> {
    const { startTime = '', place = '' } = (await nameOfProcess(process.pid)) ?? {};
    const windowId = [hostname(), process.pid, startTime, place, randomUUID().slice(0, 8)].join('/');
    return new Leases(redis, keys, logger, windowId, leaseMs);
  }

  /**
   * Takes an agent for this window, unless a living window has it or it does not live at `home`. Repeating the call changes
   * nothing.
   */
  async own(agentId: string, home?: Home): Promise<OwnResult> {
    await this.start();
    const [answer, detail, disorder] = await this.runOwn(agentId, home);
    if (answer === 'owned-elsewhere' && (await this.clearDead(String(detail)))) return this.own(agentId, home);
    if (answer === 'no-lease') {
      await this.comeBack();
      return this.own(agentId, home);
    }
    if (answer === 'gone' || answer === 'away') return { owned: false, reason: answer };
    if (answer !== 'owned') return { owned: false, reason: 'elsewhere', windowId: String(detail) };
    const epoch = String(detail);
    this.owned.set(agentId, epoch);
    return { owned: true, epoch, disorderly: disorder === '1' };
  }

  /** The living window that has an agent, if any. Takes nothing. */
  async holder(agentId: string): Promise<string | undefined> {
    const { keys } = this;
    return await this.redis.read(async (client) => {
      const windowId = await client.get(keys.lease(agentId));
      return windowId !== null && (await client.exists(keys.windowLease(windowId))) === 1 ? windowId : undefined;
    });
  }

  /** Sends the first heartbeat and repeats it. Concurrent calls share one start. */
  private start(): Promise<void> {
    this.starting ??= this.startOnce().catch((error: unknown) => {
      this.starting = undefined;
      throw error;
    });
    return this.starting;
  }

  private async startOnce(): Promise<void> {
    await this.renew();
    if (!this.closed) this.timer = setInterval(() => void this.tick(), this.leaseMs / 3);
  }

  /** After a sleep, others may have taken our agents. */
  private async comeBack(): Promise<void> {
    await this.renew();
    await this.heartbeat();
  }

  /** Gives agents back at once. */
  async release(agentIds: readonly string[]): Promise<void> {
    for (const id of agentIds) this.owned.delete(id);
    if (agentIds.length === 0) return;
    const leases = agentIds.map((id) => this.keys.lease(id));
    await this.run({ name: 'release', source: releaseSource }, leases, [this.windowId]);
  }

  /** Gives everything back. The window's own lease goes last, because other windows react to its end. */
  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    if (!this.starting) return;
    await this.release([...this.owned.keys()]);
    await this.redis.write((client) => client.del(this.keys.windowLease(this.windowId)));
  }

  dispose(): void {
    this.closed = true;
    clearInterval(this.timer);
    this.lost.dispose();
  }

  private async runOwn(agentId: string, home: Home | undefined): Promise<unknown[]> {
    const { keys } = this;
    return this.run(
      { name: 'own', source: ownSource },
      [keys.lease(agentId), keys.epoch(agentId), keys.agent(agentId), keys.windowLease(this.windowId)],
      [
        this.windowId,
        keys.windowLease(''),
        RUNTIME_HOST,
        new Date().toISOString(),
        randomUUID(),
        ...homeArguments(home),
        this.owned.get(agentId) ?? '',
      ],
    );
  }

  /** Runs a script. It may run twice after a lost reply, so every script here must allow that. */
  private async run(script: LuaScript, keys: string[], args: string[]): Promise<unknown[]> {
    const reply = await this.redis.write(() => this.redis.scripts.run(script, keys, args));
    return Array.isArray(reply) ? reply : [];
  }

  /**
   * Ends the lease of a window whose process has ended, so that nobody waits for it to expire. If the process cannot be
   * checked from here, the lease decides.
   */
  private async clearDead(windowId: string): Promise<boolean> {
    const [, pid, startTime = '', place] = windowId.split('/');
    if (!(await hasEnded({ pid: Number(pid), startTime, place: place || undefined }))) return false;
    this.logger.info(`The window ${windowId} is gone; its agents are free.`);
    await this.redis.write((client) => client.del(this.keys.windowLease(windowId)));
    return true;
  }

  private async tick(): Promise<void> {
    try {
      const alive = await this.renew();
      this.renewals += 1;
      if (!alive || this.renewals % RENEWALS_PER_HEARTBEAT === 0) await this.heartbeat();
    } catch (error) {
      this.logger.debug(`The lease could not be renewed: ${String(error)}`);
    }
  }

  /** Resolves with whether the lease was still there. It exists afterward in any case. */
  private async renew(): Promise<boolean> {
    const key = this.keys.windowLease(this.windowId);
    // Extending a lease, unlike setting it, is no news to other windows.
    if ((await this.redis.write((client) => client.pexpire(key, this.leaseMs))) === 1) return true;
    await this.redis.write((client) => client.set(key, '1', 'PX', this.leaseMs));
    return false;
  }

  private async heartbeat(): Promise<void> {
    const ids = [...this.owned.keys()];
    if (ids.length === 0) return;
    const lost = await this.run(
      { name: 'heartbeat', source: heartbeatSource },
      ids.flatMap((id) => [this.keys.lease(id), this.keys.agent(id)]),
      [this.windowId, new Date().toISOString()],
    );
    for (const place of lost) {
      const id = ids[Number(place) - 1];
      if (id !== undefined && this.owned.delete(id)) this.lost.fire(id);
    }
  }
}

/** In the order that `own.lua` reads them. */
function homeArguments(home: Home | undefined): string[] {
  return home ? [home.machine, home.host, home.codexHome, home.folder, home.folderId] : ['', '', '', '', ''];
}
