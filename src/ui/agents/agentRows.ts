/** The rows below an agent: its task, its inbox, the running turn, its steers, earlier turns. */
import type { AgentView, Away } from '../../loop/state/agentView.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import { oneLine, stripControls } from '../../util/text.ts';
import { inWords } from '../../util/sentence.ts';
import { inboxRows } from './inboxRows.ts';
import { Command } from '../ids.ts';
import { leaf } from './agentLeaf.ts';
import type { Item } from '../items.ts';
import type { Translate } from '../l10n.ts';
import { programNeed, requestsOf } from '../needs/needs.ts';
import { needItem } from '../needs/needsYouItems.ts';
import { pastTurnRows } from './pastRows.ts';
import { type TownPicture, taskOf } from '../town/townPicture.ts';
import { workRows } from './workRows.ts';
import { sessionRows } from './sessionRows.ts';
import { planRow, turnRows } from './turnItems.ts';

export function agentRows(agent: AgentRecord, picture: TownPicture, t: Translate): Item[] {
  const view = picture.view(agent.id);
  const own = (key: string): string => `agent/${agent.id}/${key}`;
  const turn = view.turn && {
    context: { agentId: agent.id, turnId: view.turn.id, prefix: own(`turn/${view.turn.id}`), t },
    ...view.turn,
  };
  return [
    ...awayRows(agent, view, t),
    ...errorRows(agent, view, t),
    ...programRows(agent, picture, t),
    ...requestRows(agent, view, t),
    ...modeRows(agent, view, t),
    ...taskRows(agent, picture, t),
    ...inboxRows(agent, picture, t),
    ...(turn ? planRow(turn.plan, turn.context) : []),
    ...(turn ? turnRows(turn, turn.context, askedItems(view)) : []),
    ...workRows(agent, view, picture.work(agent.id), t),
    ...declinedRows(agent, view, t),
    ...pastTurnRows(agent, view, picture.past(agent.id), t),
    ...sessionRows(agent, picture, t),
  ];
}

/** The items of the running turn that wait for the person's approval. */
function askedItems({ requests }: AgentView): ReadonlySet<string> {
  return new Set(requests.flatMap(({ itemId }) => itemId ?? []));
}

/** Where the agent lives, if this window must not run it. */
function awayRows(agent: AgentRecord, { away }: AgentView, t: Translate): Item[] {
  if (!away) return [];
  const label = stripControls(awayWords(away, t));
  const tooltip = (): string => t('{0}. Its messages wait until it runs there. Adopt it to move it here.', label);
  return [
    leaf(agent, 'away', { label: oneLine(label), icon: { id: 'remote' }, tooltip, text: () => ({ text: tooltip() }) }),
  ];
}

/** Where an agent lives, in words: the part that differs from this window. */
export function awayWords({ because, home }: Away, t: Translate): string {
  switch (because) {
    case 'machine':
      return t('Lives on {0}, in {1}', home.host, home.folder);
    case 'folder':
      return t('Lives in {0}', home.folder);
    case 'codexHome':
      return t('Its conversation is in the Codex home {0}', home.codexHome);
  }
}

function errorRows(agent: AgentRecord, view: AgentView, t: Translate): Item[] {
  const error = view.lastError ?? agent.lastError;
  if (agent.state !== 'error' && view.lastError === undefined) return [];
  const text = error === undefined ? t('The agent stopped with an error. Restart it to continue.') : inWords(error, t);
  const icon = { id: 'error', color: 'problemsErrorIcon.foreground' };
  return [
    leaf(agent, 'error', { label: oneLine(text), icon, tooltip: () => stripControls(text), text: () => ({ text }) }),
  ];
}

/** The agent's open requests, with the same rows and actions as in the Needs You view. */
function requestRows(agent: AgentRecord, view: AgentView, t: Translate): Item[] {
  return requestsOf(agent, view).map((need) => needItem(need, { t, prefix: `agent/${agent.id}/` }));
}

/** The program that its turns would run, if the person has not allowed it. */
function programRows(agent: AgentRecord, picture: TownPicture, t: Translate): Item[] {
  const need = programNeed(agent.id, picture);
  return need ? [needItem(need, { t, prefix: `agent/${agent.id}/` })] : [];
}

/** Why the agent does not run in the requested mode. */
function modeRows(agent: AgentRecord, { modeReason }: AgentView, t: Translate): Item[] {
  if (modeReason === undefined) return [];
  const reason = inWords(modeReason, t);
  return [
    leaf(agent, 'mode', {
      label: oneLine(reason),
      icon: { id: 'info' },
      tooltip: () => reason,
      text: () => ({ text: reason }),
    }),
  ];
}

function taskRows(agent: AgentRecord, picture: TownPicture, t: Translate): Item[] {
  const task = taskOf(agent, picture);
  if (!task) return [];
  const label = oneLine(task.description);
  const tooltip = (): string => stripControls(task.description);
  const spoken = t('Task: {0}', label);
  const runs = { command: Command.openTask, title: t('Open Task'), arguments: [task.id] };
  return [
    leaf(agent, `task/${task.id}`, {
      label,
      icon: { id: 'target' },
      spoken,
      tooltip,
      taskId: task.id,
      runs,
      copies: tooltip,
    }),
  ];
}

function declinedRows(agent: AgentRecord, view: AgentView, t: Translate): Item[] {
  if (view.declined === 0) return [];
  return [
    leaf(agent, 'declined', {
      label: view.declined === 1 ? t('1 request was declined') : t('{0} requests were declined', view.declined),
      description: t('see the output'),
      icon: { id: 'circle-slash', color: 'charts.yellow' },
      runs: { command: Command.showOutput, title: t('Show Output'), arguments: [agent.id] },
    }),
  ];
}
