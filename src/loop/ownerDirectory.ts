/** Which agents other windows own, as far as this window knows from trying to take them or from their leases. */
import type { Leases } from '../town/stores/leases.ts';
import { describeError } from '../util/errors.ts';
import type { Logger } from '../util/logger.ts';

export class OwnerDirectory {
  private readonly leases: Leases;
  private readonly logger: Logger;
  /** Window ids by agent id. */
  private readonly windows = new Map<string, string>();
  /** Agents whose owner must be looked up again. Until then the known owner counts: its lease may only have been renewed. */
  private readonly doubted = new Set<string>();
  /** How many lease changes were heard, of all windows and of each agent. */
  private heardOfWindows = 0;
  private readonly heardOfAgents = new Map<string, number>();

  constructor(leases: Leases, logger: Logger) {
    this.leases = leases;
    this.logger = logger;
  }

  /** The other window that runs the agent, if one does. */
  of(agentId: string): string | undefined {
    return this.windows.get(agentId);
  }

  /** The answer of `ask` about an agent's lease. Asks again if it or a window's lease changed meanwhile, unless the answer `holds`. */
  async fresh<T>(agentId: string, ask: () => Promise<T>, holds: (answer: T) => boolean = () => false): Promise<T> {
    for (;;) {
      const { heardOfWindows } = this;
      const heardOfAgent = this.heardOfAgents.get(agentId);
      const answer = await ask();
      const isNow = heardOfWindows === this.heardOfWindows && heardOfAgent === this.heardOfAgents.get(agentId);
      if (isNow || holds(answer)) return answer;
    }
  }

  /** Another window has the agent. */
  add(agentId: string, windowId: string): void {
    this.windows.set(agentId, windowId);
    this.doubted.delete(agentId);
  }

  forget(agentId: string): void {
    this.windows.delete(agentId);
    this.doubted.delete(agentId);
  }

  /** The agent's lease has changed. True if another window owned the agent: try for it again. */
  doubt(agentId: string): boolean {
    this.heardOfAgents.set(agentId, (this.heardOfAgents.get(agentId) ?? 0) + 1);
    if (!this.windows.has(agentId)) return false;
    this.doubted.add(agentId);
    return true;
  }

  /** A window has given a sign of life, or is gone. Returns the agents of all other windows: try for them again. */
  doubtAll(): string[] {
    this.heardOfWindows += 1;
    const ids = [...this.windows.keys()];
    for (const id of ids) this.doubted.add(id);
    return ids;
  }

  /** The agent was removed. */
  remove(agentId: string): void {
    this.forget(agentId);
    this.heardOfAgents.delete(agentId);
  }

  /** Forgets an agent's owner if it is in doubt. True if it was. */
  forgetDoubted(agentId: string): boolean {
    if (!this.doubted.has(agentId)) return false;
    this.forget(agentId);
    return true;
  }

  /** Looks up the owner of an agent that this window does not try to take. True if the owner has changed. */
  async learn(agentId: string): Promise<boolean> {
    const known = this.windows.get(agentId);
    if (known !== undefined && !this.doubted.delete(agentId)) return false;
    let windowId: string | undefined;
    try {
      windowId = await this.fresh(agentId, () => this.leases.holder(agentId));
    } catch (error) {
      this.logger.debug(`Not known who has ${agentId}: ${describeError(error)}`);
      return false;
    }
    if (windowId === undefined || windowId === this.leases.windowId) {
      this.forget(agentId);
      return known !== undefined;
    }
    this.add(agentId, windowId);
    return windowId !== known;
  }
}
