/** The status bar item as plain data: how many things need the person, how many agents work, or what is wrong. */
import type { AgentRecord } from '../town/records/records.ts';
import { inWords } from '../util/sentence.ts';
import type { Translate } from './l10n.ts';
import type { Need } from './needs/needs.ts';
import { labelOf, titleOf } from './needs/needsYouItems.ts';
import type { TownState } from './town/townHost.ts';
import { accountLimits, limitWords } from './agents/usage.ts';
import { type TownPicture, sortedAgents } from './town/townPicture.ts';

/** How many needs the tooltip lists. */
const TOOLTIP_LINES = 10;

export interface Status {
  text: string;
  tooltip: string;
  /** Something waits for the person. */
  warning: boolean;
}

/** Undefined in a window that cannot have a town. */
export function statusOf(
  state: TownState<unknown>,
  picture: TownPicture | undefined,
  needs: readonly Need[],
  t: Translate,
): Status | undefined {
  switch (state.kind) {
    case 'noFolder':
    case 'untrusted':
    case 'closed':
      return undefined;
    case 'noTown':
      return { text: '$(organization) Tinytown', tooltip: t('Tinytown: no agents yet'), warning: false };
    case 'opening':
      return { text: '$(loading~spin) Tinytown', tooltip: t('Tinytown is opening the town'), warning: false };
    case 'failed':
      return { text: '$(error) Tinytown', tooltip: state.problem.message, warning: false };
    case 'ready':
      return picture ? readyStatus(picture, needs, t) : undefined;
  }
}

function readyStatus(picture: TownPicture, needs: readonly Need[], t: Translate): Status {
  const agents = sortedAgents(picture);
  const asks = ({ id }: AgentRecord): boolean => picture.view(id).requests.length > 0;
  const working = agents.filter((agent) => agent.state === 'working' && !asks(agent));
  const waiting = needs.filter(({ waits }) => waits);
  const tooltip = [
    t('Tinytown: {0}, {1} working', agentsWord(agents.length, t), working.length),
    ...waiting.slice(0, TOOLTIP_LINES).map((need) => titleOf(need, t)),
    ...accountLimits(picture).map((limit) => limitWords(limit, picture.now, t)),
  ].join('\n');
  if (picture.trouble !== undefined) {
    return {
      text: '$(debug-disconnect) Tinytown',
      tooltip: t('Tinytown: {0} Work then continues automatically.', inWords(picture.trouble, t)),
      warning: false,
    };
  }
  const limit = waiting.length === 1 ? waiting.find(({ kind }) => kind === 'limit') : undefined;
  if (limit) {
    return { text: `$(watch) ${labelOf(limit, t)}`, tooltip, warning: true };
  }
  const busy = working.length > 0 ? [`$(sync~spin) ${t('{0} working', working.length)}`] : [];
  if (waiting.length > 0) {
    const needYou = waiting.length === 1 ? t('1 needs you') : t('{0} need you', waiting.length);
    return { text: [`$(bell-dot) ${needYou}`, ...busy].join('  '), tooltip, warning: true };
  }
  if (busy.length > 0) return { text: busy.join(''), tooltip, warning: false };
  if (agents.length === 0) return { text: '$(organization) Tinytown', tooltip, warning: false };
  const idle = agents.filter((agent) => agent.state === 'idle').length;
  return {
    text: `$(organization) ${idle > 0 ? t('{0} idle', idle) : agentsWord(agents.length, t)}`,
    tooltip,
    warning: false,
  };
}

function agentsWord(count: number, t: Translate): string {
  return count === 1 ? t('1 agent') : t('{0} agents', count);
}
