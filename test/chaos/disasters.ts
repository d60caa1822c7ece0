/** The disasters of a run. Each one restores what it broke itself. */
import { setTimeout as pause } from 'node:timers/promises';
import { signalGroup } from '../../src/process/processTable.ts';
import type { Ledger } from './ledger.ts';
import type { Random } from '../support/random.ts';
import type { Disaster, UnreadablePlace } from './schedule.ts';
import type { World } from './world.ts';

/** Part of every unreadable record. */
export const GARBAGE = 'chaos-garbage';
/** How long an agent's record stays unreadable, in milliseconds. */
const MENDED_AFTER_MS = 400;

export class Disasters {
  /** How often each disaster has happened. */
  readonly counts = new Map<string, number>();
  private readonly world: World;
  private readonly random: Random;
  private readonly agentIds: readonly string[];
  private readonly ledger: Ledger;
  /** The true creation time of each agent whose record was spoiled. */
  private readonly createdAt = new Map<string, string>();
  private redisIsDown = false;

  constructor(world: World, random: Random, agentIds: readonly string[], ledger: Ledger) {
    this.world = world;
    this.random = random;
    this.agentIds = agentIds;
    this.ledger = ledger;
  }

  /** Repairs records whose earlier repair was lost by Redis. */
  async mend(): Promise<void> {
    const { direct, keys } = this.world;
    for (const [id, created] of this.createdAt) await direct.hset(keys.agent(id), 'created_at', created);
  }

  /** Resolves when the disaster is over. */
  async happen(disaster: Disaster): Promise<void> {
    const happened = await this.attempt(disaster);
    // If no window is left, people open one again.
    if (this.world.alive.length === 0) this.world.openWindow();
    if (happened) this.counts.set(disaster.do, (this.counts.get(disaster.do) ?? 0) + 1);
  }

  /** False if the disaster had no target. */
  private async attempt(disaster: Disaster): Promise<boolean> {
    const { world } = this;
    const { alive } = world;
    switch (disaster.do) {
      case 'killWindow': {
        if (alive.length === 0) return false;
        const window = this.random.pick(alive);
        const records = disaster.withAll ? await world.agentProcesses() : [];
        window.signal('SIGKILL');
        for (const { pid, owner } of records) if (owner.pid === window.pid) signalGroup(pid, 'SIGKILL');
        await window.kill();
        return true;
      }
      case 'stopWindow': {
        if (alive.length === 0) return false;
        const window = this.random.pick(alive);
        window.signal('SIGSTOP');
        await pause(disaster.forMs);
        window.signal('SIGCONT');
        return true;
      }
      case 'reload': {
        if (alive.length === 0) return false;
        const window = this.random.pick(alive);
        if (disaster.overlap) world.openWindow();
        await window.close();
        if (!disaster.overlap) world.openWindow();
        return true;
      }
      case 'openWindow':
        if (alive.length >= 3) return false;
        world.openWindow(disaster.otherPlace);
        return true;
      case 'killServer':
        return this.signalServers(disaster.agent, 'SIGKILL');
      case 'stopServer':
        if (!(await this.signalServers(disaster.agent, 'SIGSTOP'))) return false;
        await pause(disaster.forMs);
        await this.signalServers(disaster.agent, 'SIGCONT');
        return true;
      case 'killRedis':
        if (this.redisIsDown) return false;
        this.redisIsDown = true;
        await world.redis.kill();
        await pause(disaster.forMs);
        await world.redis.restart();
        this.redisIsDown = false;
        return true;
      case 'stopRedis': {
        if (this.redisIsDown) return false;
        this.redisIsDown = true;
        const { pid } = world.redis;
        process.kill(pid, 'SIGSTOP');
        await pause(disaster.forMs);
        process.kill(pid, 'SIGCONT');
        this.redisIsDown = false;
        return true;
      }
      case 'cut':
        world.proxy.cut();
        return true;
      case 'halfOpen':
        world.proxy.silence();
        await pause(disaster.forMs);
        world.proxy.speak();
        return true;
      case 'failover':
        return this.failover(disaster.forMs);
      case 'unreadable':
        await this.spoil(disaster.place, this.agentIds[disaster.agent] ?? '');
        return true;
      case 'useUp':
        await world.useUp(disaster.forMs);
        return true;
      case 'jumpClock':
        if (alive.length === 0) return false;
        this.ledger.clocksDifferSince = Math.min(this.ledger.clocksDifferSince, Date.now());
        return (await this.random.pick(alive).ask({ do: 'jumpClock', byMs: disaster.byMs })) === undefined;
      case 'loseReplies':
        world.proxy.loseReplies(disaster.count);
        return true;
      case 'interrupt':
        return this.ask('interrupt', disaster.agent);
      case 'pause':
        if (!(await this.ask('pause', disaster.agent))) return false;
        await pause(disaster.forMs);
        await this.ask('resume', disaster.agent);
        return true;
      case 'toggle':
        return this.ask('toggle', disaster.agent);
      case 'takeOver':
        return this.takeOver(disaster.agent);
      case 'askCodex':
        return (await alive[0]?.ask({ do: 'askCodex' })) === undefined;
    }
  }

  private async failover(forMs: number): Promise<boolean> {
    const { world, ledger } = this;
    if (this.redisIsDown) return false;
    this.redisIsDown = true;
    // The copy is made while Redis runs, so it is unknown which writes from now on it contains.
    const rollback = { kept: Date.now(), over: Number.POSITIVE_INFINITY };
    const restore = await world.redis.snapshot();
    ledger.rollbacks.push(rollback);
    await pause(forMs);
    await world.redis.kill();
    await restore();
    rollback.over = Date.now();
    this.redisIsDown = false;
    return true;
  }

  private async spoil(place: UnreadablePlace, id: string): Promise<void> {
    const { direct, keys } = this.world;
    switch (place) {
      case 'inbox':
      case 'urgent':
        await direct.rpush(keys[place](id), `{"${GARBAGE}`);
        return;
      case 'inflight':
        await direct.hset(keys.inflight(id), GARBAGE, `{"${GARBAGE}`);
        return;
      case 'control':
        await direct.xadd(keys.control(id), '*', 'action', GARBAGE, 'reply', GARBAGE);
        return;
      case 'backlog':
        await direct.rpush(keys.backlog, GARBAGE);
        return;
      case 'lease':
        await direct.set(keys.lease(id), GARBAGE);
        return;
      case 'agent': {
        const created = this.createdAt.get(id) ?? (await direct.hget(keys.agent(id), 'created_at')) ?? '';
        this.createdAt.set(id, created);
        await direct.hset(keys.agent(id), 'created_at', GARBAGE);
        await pause(MENDED_AFTER_MS);
        await direct.hset(keys.agent(id), 'created_at', created);
      }
    }
  }

  private async ask(wish: 'interrupt' | 'pause' | 'resume' | 'toggle', agent: number): Promise<boolean> {
    const [window] = this.world.alive;
    return window !== undefined && (await window.ask({ do: wish, agent: nameOf(agent) })) === undefined;
  }

  /** Has a window take over an agent that it does not own. */
  private async takeOver(agent: number): Promise<boolean> {
    const { world } = this;
    const owner = Number((await world.ownerOf(this.agentIds[agent] ?? ''))?.split('/')[1]);
    const window = world.alive.find(({ pid, isOpen }) => isOpen && pid !== owner) ?? world.openWindow();
    await window.opened();
    return (await window.ask({ do: 'takeOver', agent: nameOf(agent) })) === undefined;
  }

  /** Signals the whole group of every process that works for an agent. False if there is none. */
  private async signalServers(agent: number, signal: NodeJS.Signals): Promise<boolean> {
    const id = this.agentIds[agent] ?? '';
    const servers = (await this.world.agentProcesses()).filter(({ pid }) => this.world.agentOf(pid) === id);
    for (const { pid } of servers) {
      try {
        process.kill(-pid, signal);
      } catch {
        // The process has ended meanwhile.
      }
    }
    return servers.length > 0;
  }
}

export function nameOf(agent: number): string {
  return `agent${agent}`;
}
