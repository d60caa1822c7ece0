/**
 * How many agents of this window may have a runtime at the same time: as many as the town may have agents. Records decide
 * which agents are run, and anybody on the Redis can write records. An agent that has work and finds no room waits; one that
 * has nothing to do makes room for it.
 */
import { Emitter } from '../../util/event.ts';

export class ProcessRoom {
  private readonly limit: () => number;
  private readonly held = new Set<string>();
  private readonly waiting = new Set<string>();
  private readonly waits = new Emitter<void>();
  /** An agent has begun to wait. */
  readonly onWaits = this.waits.event;
  private readonly frees = new Emitter<readonly string[]>();
  /** There is room; with the agents that have waited for it, none of which waits any more. */
  readonly onFree = this.frees.event;

  constructor(limit: () => number) {
    this.limit = limit;
  }

  /** Whether an agent has a place, or there is one for it. */
  isFor(agentId: string): boolean {
    return this.held.has(agentId) || this.held.size < this.limit();
  }

  /** Whether others wait for the place of an agent. */
  isWanted(agentId: string): boolean {
    return this.held.has(agentId) && this.waiting.size > 0;
  }

  /** Whether an agent with work waits. */
  waitsFor(agentId: string): boolean {
    return this.waiting.has(agentId);
  }

  /** Takes a place; false where there is none. */
  take(agentId: string): boolean {
    if (!this.isFor(agentId)) return false;
    this.held.add(agentId);
    this.waiting.delete(agentId);
    return true;
  }

  /** An agent has work, and found no room. */
  wait(agentId: string): void {
    if (this.waiting.has(agentId)) return;
    this.waiting.add(agentId);
    this.waits.fire();
  }

  /** An agent has no runtime any more. */
  release(agentId: string): void {
    if (this.held.delete(agentId)) this.free();
  }

  /** An agent that may have waited does so no more. */
  forget(agentId: string): void {
    this.waiting.delete(agentId);
  }

  /** The limit may have changed. */
  free(): void {
    const waited = [...this.waiting];
    this.waiting.clear();
    this.frees.fire(waited);
  }
}
