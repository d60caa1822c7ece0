/** The state changes that people may request, as a table: from which states, to which state, and what is written. */
import type { EventType } from '../../town/stores/events.ts';
import type { AgentState } from '../../town/records/records.ts';

export type StateRequest = 'pause' | 'resume' | 'close' | 'stop' | 'restart';

interface Transition {
  from: readonly AgentState[];
  to: AgentState;
  event: EventType;
  activity: string;
}

/**
 * The loop does the rest: it ends the turn of a paused or stopped agent, and lets a draining agent finish its turn. `restart` is
 * for agents without a process. An agent that has a process gets a new one.
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
