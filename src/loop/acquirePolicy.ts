/** When a window tries to take an agent that nobody is known to run, and when it leaves it alone. */
import type { AgentRecord, AgentState } from '../town/records/records.ts';

/** How long a window that gave up an agent leaves it to the window that asked for it, in milliseconds. */
export const GIVE_WAY_MS = 5_000;

/** How many messages wait for an agent. */
interface Waiting {
  inbox: number;
  urgent: number;
}

export class AcquirePolicy {
  private readonly now: () => number;
  /** What waited for an agent when its loop went dormant. Until that changes, there is no point in looking. */
  private readonly dormant = new Map<string, Waiting>();
  /** Agents that were given up for another window, and until when they are left to it. */
  private readonly givenUp = new Map<string, number>();

  /** @param now Milliseconds of a monotonic clock. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** `leave`: somebody else may own the agent, so find out who. `idle`: the agent needs no owner. */
  decide({ id, state }: AgentRecord, { inbox, urgent }: Waiting): 'take' | 'leave' | 'idle' {
    if ((this.givenUp.get(id) ?? 0) > this.now()) return 'leave';
    this.givenUp.delete(id);
    if (isActive(state)) return 'take';
    if (state === 'paused') return 'leave';
    const seen = this.dormant.get(id);
    return state === 'cold' && inbox + urgent > 0 && (seen?.inbox !== inbox || seen.urgent !== urgent)
      ? 'take'
      : 'idle';
  }

  /** The agent's loop has found that the waiting messages do not wake it. */
  wentDormant(agentId: string, waiting: Waiting): void {
    this.dormant.set(agentId, waiting);
  }

  /** Something was done that may wake the agent. */
  wake(agentId: string): void {
    this.dormant.delete(agentId);
  }

  /** The agent was removed. */
  forget(agentId: string): void {
    this.dormant.delete(agentId);
    this.givenUp.delete(agentId);
  }

  gaveUp(agentId: string): void {
    this.givenUp.set(agentId, this.now() + GIVE_WAY_MS);
  }

  /** The window that asked for the agent has it, or it is ours again. */
  settled(agentId: string): void {
    this.givenUp.delete(agentId);
  }
}

/** Whether an agent in this state has, or should have, an owner. */
function isActive(state: AgentState): boolean {
  switch (state) {
    case 'starting':
    case 'idle':
    case 'working':
    case 'draining':
      return true;
    case 'cold':
    case 'paused':
    case 'stopped':
    case 'error':
      return false;
  }
}
