/** The one status-bar item as plain data: who works, who waits for the person, or what is wrong. */
import type { AgentRecord } from '../town/records.ts';
import { oneLine } from '../util/text.ts';
import { sortedAgents } from './agentItems.ts';
import type { Translate } from './l10n.ts';
import type { TownState } from './townHost.ts';
import type { TownPicture } from './townPicture.ts';

export interface Status {
  text: string;
  tooltip: string;
  /** Somebody waits for the person at the editor. */
  warning: boolean;
}

/** Undefined where there is nothing to say: no folder, or a folder that never had a town. */
export function statusOf(
  state: TownState<unknown>,
  picture: TownPicture | undefined,
  t: Translate,
): Status | undefined {
  switch (state.kind) {
    case 'noFolder':
    case 'untrusted':
    case 'noTown':
    case 'closed':
      return undefined;
    case 'opening':
      return { text: '$(loading~spin) Tinytown', tooltip: t('Tinytown is opening the town'), warning: false };
    case 'failed':
      return { text: '$(error) Tinytown', tooltip: state.problem.message, warning: false };
    case 'ready':
      return picture ? readyStatus(picture, t) : undefined;
  }
}

/** Whether the agent cannot go on by itself: it failed, or a person has to decide about work that it holds or gave up. */
export function needsYou(agent: AgentRecord, picture: TownPicture): boolean {
  const { held, dead } = picture.waiting(agent.id);
  return agent.state === 'error' || held + dead > 0;
}

function readyStatus(picture: TownPicture, t: Translate): Status {
  const agents = sortedAgents(picture);
  const working = agents.filter((agent) => agent.state === 'working');
  const waiting = agents.filter((agent) => needsYou(agent, picture));
  const tooltip = [
    t('Tinytown: {0} agents, {1} working', agents.length, working.length),
    ...waiting.map((agent) => t('{0} waits for you', oneLine(agent.name, 64))),
  ].join('\n');
  if (!picture.connected) {
    return {
      text: '$(debug-disconnect) Tinytown',
      tooltip: t('Tinytown: Redis is away. What is shown is the last that was known.'),
      warning: false,
    };
  }
  if (waiting.length > 0) {
    const text = `$(bell-dot) ${waiting.length === 1 ? t('1 agent needs you') : t('{0} agents need you', waiting.length)}`;
    return { text, tooltip, warning: true };
  }
  if (working.length > 0) return { text: `$(sync~spin) ${t('{0} working', working.length)}`, tooltip, warning: false };
  if (agents.length === 0) return { text: '$(organization) Tinytown', tooltip, warning: false };
  const idle = agents.filter((agent) => agent.state === 'idle').length;
  return {
    text: `$(organization) ${idle > 0 ? t('{0} idle', idle) : t('{0} agents', agents.length)}`,
    tooltip,
    warning: false,
  };
}
