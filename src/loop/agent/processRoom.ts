/**
 * Limits how many agents of a town may have a runtime on this machine at the same time, to as many as the town may have.
 * Without a limit, anybody on the Redis could start any number, because records decide which agents run. An agent that has work
 * and finds no room waits. An idle agent makes room, also for agents of other windows.
 */
import type { GiveBack, Places } from './townPlaces.ts';
import { Emitter } from '../../util/event.ts';

/** How often to look whether other windows have given places back or want some, in milliseconds. */
const LOOK_MS = 2_000;

export class ProcessRoom {
  private readonly limit: () => number;
  private readonly places: Places;
  private readonly held = new Map<string, GiveBack>();
  /** The agents whose places are being given back. */
  private readonly leaving = new Map<string, Promise<void>>();
  /** The last attempt to take a place found none. */
  private full = false;
  private othersWait = false;
  private looks: NodeJS.Timeout | undefined;
  private readonly waiting = new Set<string>();
  private readonly waits = new Emitter<void>();
  /** An agent of this window or another one has begun to wait. */
  readonly onWaits = this.waits.event;
  private readonly frees = new Emitter<readonly string[]>();
  /** There may be room. Fires with the agents that waited; they wait no longer. */
  readonly onFree = this.frees.event;

  constructor(limit: () => number, places: Places) {
    this.limit = limit;
    this.places = places;
  }

  /** Whether an agent has a place, or may find one. */
  isFor(agentId: string): boolean {
    return this.held.has(agentId) || (!this.full && this.held.size < this.limit());
  }

  /** Whether other agents wait for this agent's place. */
  isWanted(agentId: string): boolean {
    return this.held.has(agentId) && (this.waiting.size > 0 || this.othersWait);
  }

  /** Whether the agent has work and waits for room. */
  waitsFor(agentId: string): boolean {
    return this.waiting.has(agentId);
  }

  /** Takes a place. False if there is none. @throws TinytownError `storageRefuses` */
  async take(agentId: string): Promise<boolean> {
    await this.leaving.get(agentId);
    if (this.held.has(agentId)) return true;
    if (!this.isFor(agentId)) return false;
    // The agent counts from now on, so that two starts cannot take the last place.
    this.held.set(agentId, () => Promise.resolve());
    let giveBack: GiveBack | undefined;
    try {
      giveBack = await this.places.take(this.limit());
    } finally {
      if (!giveBack) this.held.delete(agentId);
    }
    this.looks ??= setInterval(() => void this.look(), LOOK_MS).unref();
    if (!giveBack) {
      this.full = true;
      return false;
    }
    if (!this.held.has(agentId)) {
      await giveBack();
      return false;
    }
    this.held.set(agentId, giveBack);
    this.waiting.delete(agentId);
    return true;
  }

  /** An agent has work, and found no room. */
  wait(agentId: string): void {
    if (this.waiting.has(agentId)) return;
    this.waiting.add(agentId);
    if (this.full) this.places.ask().catch(() => undefined);
    this.waits.fire();
  }

  /** An agent no longer has a runtime. */
  release(agentId: string): void {
    const giveBack = this.held.get(agentId);
    if (!giveBack || this.leaving.has(agentId)) return;
    const left = giveBack()
      .catch(() => undefined)
      .finally(() => {
        this.held.delete(agentId);
        this.leaving.delete(agentId);
        this.free();
      });
    this.leaving.set(agentId, left);
  }

  /** Resolves when all places that were released are given back. */
  async close(): Promise<void> {
    clearInterval(this.looks);
    await Promise.all(this.leaving.values());
  }

  /** The agent no longer waits, if it did. */
  forget(agentId: string): void {
    this.waiting.delete(agentId);
  }

  private async look(): Promise<void> {
    const wait = this.held.size > 0 && (await this.places.asked());
    const news = wait && !this.othersWait;
    this.othersWait = wait;
    if (news) this.waits.fire();
    if (!this.full) return;
    this.full = false;
    this.free();
  }

  /** Lets all waiting agents try again, for example because the limit may have changed. */
  free(): void {
    const waited = [...this.waiting];
    this.waiting.clear();
    this.frees.fire(waited);
  }
}
