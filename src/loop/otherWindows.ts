/** Which agents other windows have, as far as this one knows: learnt by trying to take them, or by a look at their leases. */
import type { Leases } from '../town/leases.ts';
import { describeError } from '../util/errors.ts';
import type { Logger } from '../util/logger.ts';

export class OtherWindows {
  private readonly leases: Leases;
  private readonly logger: Logger;
  /** Window ids by agent id. */
  private readonly windows = new Map<string, string>();

  constructor(leases: Leases, logger: Logger) {
    this.leases = leases;
    this.logger = logger;
  }

  /** The window that runs the agent, where it is another one. */
  of(agentId: string): string | undefined {
    return this.windows.get(agentId);
  }

  /** Another window has the agent. */
  add(agentId: string, windowId: string): void {
    this.windows.set(agentId, windowId);
  }

  /** Whether the agent was another window's, as far as was known. */
  forget(agentId: string): boolean {
    return this.windows.delete(agentId);
  }

  /** A window is gone, and it is not said which: the agents of all of them, to be tried for again. */
  forgetAll(): string[] {
    const ids = [...this.windows.keys()];
    this.windows.clear();
    return ids;
  }

  /** Looks whose an agent is that this window does not try to take; whether another one has it and that is new. */
  async learn(agentId: string): Promise<boolean> {
    if (this.windows.has(agentId)) return false;
    const windowId = await this.leases.holder(agentId).catch((error: unknown) => {
      this.logger.debug(`Not known who has ${agentId}: ${describeError(error)}`);
      return undefined;
    });
    if (windowId === undefined || windowId === this.leases.windowId) return false;
    this.windows.set(agentId, windowId);
    return true;
  }
}
