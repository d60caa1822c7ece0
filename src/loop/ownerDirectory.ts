/** Which agents other windows have, as far as this one knows: learnt by trying to take them, or by a look at their leases. */
import type { Leases } from '../town/leases.ts';
import { describeError } from '../util/errors.ts';
import type { Logger } from '../util/logger.ts';

export class OwnerDirectory {
  private readonly leases: Leases;
  private readonly logger: Logger;
  /** Window ids by agent id. */
  private readonly windows = new Map<string, string>();
  /** Agents that are to be looked at anew. What was known of them counts until then: a window's sign of life says no more. */
  private readonly doubted = new Set<string>();
  /** How often something was heard of the lease of a window, and of those of agents. */
  private heardOfWindows = 0;
  private readonly heardOfAgents = new Map<string, number>();

  constructor(leases: Leases, logger: Logger) {
    this.leases = leases;
    this.logger = logger;
  }

  /** The window that runs the agent, where it is another one. */
  of(agentId: string): string | undefined {
    return this.windows.get(agentId);
  }

  /** What `ask` says of an agent's lease, asked again where that has changed before the answer came, unless it `holds`. */
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

  /** Its lease has changed; whether the agent was another window's, and is to be tried for again. */
  doubt(agentId: string): boolean {
    this.heardOfAgents.set(agentId, (this.heardOfAgents.get(agentId) ?? 0) + 1);
    if (!this.windows.has(agentId)) return false;
    this.doubted.add(agentId);
    return true;
  }

  /** A window has given a sign of life, or is gone: the agents of all of them, to be tried for again. */
  doubtAll(): string[] {
    this.heardOfWindows += 1;
    const ids = [...this.windows.keys()];
    for (const id of ids) this.doubted.add(id);
    return ids;
  }

  /** It was removed. */
  remove(agentId: string): void {
    this.forget(agentId);
    this.heardOfAgents.delete(agentId);
  }

  /** Forgets whose an agent is where that is in doubt and nobody looks; whether it did. */
  forgetDoubted(agentId: string): boolean {
    if (!this.doubted.has(agentId)) return false;
    this.forget(agentId);
    return true;
  }

  /** Looks whose an agent is that this window does not try to take; whether that is not what was known. */
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
