/**
 * What can be done with an agent now, and if not, why. Menus, quick picks and commands share this table, so they cannot
 * disagree. `loop/actions` knows more and has the last word.
 */
import type { AgentView } from '../../loop/state/agentView.ts';
import { type AgentRecord, type AgentState, mayBeInTurn } from '../../town/records/records.ts';
import type { Translate } from '../l10n.ts';
import type { Waiting } from '../town/townPicture.ts';

export const agentActions = [
  'assignTask',
  'steer',
  'sendMessage',
  'interrupt',
  'pauseAgent',
  'resumeAgent',
  'runAgain',
  'dismissHeld',
  'retryDead',
  'dismissDead',
  'closeAgent',
  'stopAgent',
  'restartAgent',
  'newConversation',
  'removeAgent',
  'adoptAgent',
  'takeOver',
  'togglePersistent',
  'chooseModel',
  'changePermissions',
  'renameAgent',
  'showOutput',
  'openTranscript',
  'exportTranscript',
  'openChanges',
] as const;

export type AgentAction = (typeof agentActions)[number];

/** The facts that the table needs. */
export interface AgentFacts {
  name: string;
  state: AgentState;
  owner: AgentView['owner'];
  /** A turn runs, or is about to start, as far as this window knows. */
  turn: boolean;
  /** Number of interrupted rounds that it holds. */
  held: number;
  /** It lives elsewhere, and this window must not run it. */
  away: boolean;
  /** `tt` ran its loop, and the loop shows no sign of life. */
  silent: boolean;
  /** Number of messages that were given up. */
  dead: number;
}

export function factsOf(agent: AgentRecord, view: AgentView, { held, dead }: Waiting): AgentFacts {
  return {
    name: agent.name,
    state: agent.state,
    owner: view.owner,
    away: view.away !== undefined,
    silent: view.silentMs !== undefined,
    turn: view.turn !== undefined || mayBeInTurn(agent.state),
    held,
    dead,
  };
}

/** Why `action` cannot be done now, in a sentence that says what to do instead. Undefined if it can be done. */
export function whyNot(action: AgentAction, agent: AgentFacts, t: Translate): string | undefined {
  const { name, state } = agent;
  const external = (): string =>
    t('{0} runs in a terminal under tt. Send it a message here, or do this in that terminal.', name);
  const restartFirst = (): string | undefined => {
    if (state === 'stopped') return t('{0} is stopped. Restart it first.', name);
    return state === 'error' ? t('{0} has failed. Restart it first.', name) : undefined;
  };
  switch (action) {
    case 'sendMessage':
    case 'showOutput':
    case 'openTranscript':
    case 'exportTranscript':
    case 'openChanges':
    case 'renameAgent':
      return undefined;
    case 'assignTask':
      return restartFirst();
    case 'steer':
      if (state === 'paused') return t('{0} is paused. Resume it first.', name);
      if (state === 'draining')
        return t('{0} is closing. Send it a message instead. The message waits and wakes it.', name);
      return restartFirst();
    case 'interrupt':
      if (agent.owner === 'external') return external();
      return agent.turn ? undefined : t('{0} has no running turn to interrupt.', name);
    case 'pauseAgent':
      if (agent.owner === 'external') return external();
      if (state === 'paused') return t('{0} is already paused.', name);
      if (state === 'draining') return t('{0} is already closing. No new turn will start.', name);
      return restartFirst();
    case 'resumeAgent':
      return state === 'paused' ? undefined : t('{0} is not paused.', name);
    case 'runAgain':
    case 'dismissHeld':
      return agent.held > 0 ? undefined : t('{0} has no interrupted work.', name);
    case 'retryDead':
    case 'dismissDead':
      return agent.dead > 0 ? undefined : t('{0} has no failed messages.', name);
    case 'closeAgent':
      if (agent.owner === 'external') return external();
      if (state === 'stopped' || state === 'error') return t('{0} has no process to close.', name);
      if (state === 'cold') return t('{0} is already closed.', name);
      return state === 'draining' ? t('{0} is already closing.', name) : undefined;
    case 'stopAgent':
      return state === 'stopped' ? t('{0} is already stopped.', name) : undefined;
    case 'adoptAgent':
      if (agent.away && agent.owner === 'none') return undefined;
      if (agent.away) return t('Another window runs {0}. Close that window first.', name);
      if (agent.owner !== 'external') return t('This extension already runs {0}.', name);
      return agent.silent || state === 'stopped' || state === 'error'
        ? undefined
        : t('{0} is run by tt. Stop it there first, because only one program may run an agent.', name);
    case 'takeOver':
      if (agent.owner === 'external') return external();
      if (agent.owner === 'here') return t('This window already runs {0}.', name);
      if (agent.away) return t('{0} lives elsewhere. Adopt it to move it here.', name);
      return agent.owner === 'none' ? t('No window runs {0}. Send it a message to wake it here.', name) : undefined;
    case 'restartAgent':
      if (agent.owner === 'external') return external();
      if (state === 'paused') return t('{0} is paused. Resume it, or stop it first.', name);
      return state === 'starting'
        ? t('{0} is already starting. If it takes too long, stop it first.', name)
        : undefined;
    case 'newConversation':
      if (agent.owner === 'external') return external();
      return agent.turn || state === 'starting' || state === 'draining'
        ? t('{0} is busy. Interrupt it first.', name)
        : undefined;
    case 'togglePersistent':
    case 'chooseModel':
      return agent.owner === 'external' ? external() : undefined;
    case 'changePermissions':
      if (agent.owner === 'external') return external();
      return agent.away ? t('{0} lives elsewhere. Adopt it to move it here.', name) : undefined;
    case 'removeAgent':
      return agent.turn || state === 'starting' || state === 'draining'
        ? t('{0} is busy. Stop it first, then delete it.', name)
        : undefined;
  }
}

/** The context value of an agent's row: its owner and state, and `can-…` for each action that is possible now. */
export function contextFlags(agent: AgentFacts, t: Translate): string {
  const possible = agentActions.filter((action) => whyNot(action, agent, t) === undefined);
  const flags = ['agent', agent.owner, agent.state];
  if (agent.turn) flags.push('turn');
  if (agent.held > 0) flags.push('held');
  return `${[...flags, ...possible.map((action) => `can-${action}`)].join(';')};`;
}
