/** What people may ask of an agent's state, as a table: from which states it is possible, where it leads, what is written. */
import type { EventType } from '../../town/events.ts';
import type { AgentState } from '../../town/records.ts';

export type StateRequest = 'pause' | 'resume' | 'close' | 'stop' | 'restart';

interface Transition {
  from: readonly AgentState[];
  to: AgentState;
  event: EventType;
  activity: string;
}

/**
 * The loop does the rest: a paused or stopped agent's turn is ended, a draining one's finished. `restart` stands for agents
 * without a process; one that has a process gets another.
 */
export const transitions: Readonly<Record<StateRequest, Transition>> = {
  pause: {
    from: ['cold', 'starting', 'idle', 'working'],
    to: 'paused',
    event: 'agent_interrupted',
    activity: '⏸ Paused',
  },
  resume: { from: ['paused'], to: 'idle', event: 'agent_resumed', activity: '▶ Resumed' },
  close: {
    from: ['starting', 'idle', 'working', 'paused'],
    to: 'draining',
    event: 'agent_stopped',
    activity: '🔻 Closing: finishes its turn first',
  },
  stop: {
    from: ['cold', 'starting', 'idle', 'working', 'paused', 'draining', 'error'],
    to: 'stopped',
    event: 'agent_stopped',
    activity: '⏹ Stopped by the supervisor',
  },
  restart: { from: ['cold', 'stopped', 'error'], to: 'idle', event: 'agent_resumed', activity: '↻ Restarted' },
};
