/** The rows of an agent's past turns: the last one, and a row that holds all earlier ones. */
import type { AgentView, TurnView } from '../../loop/state/agentView.ts';
import type { PastState } from '../../loop/state/pastTurns.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import { oneLine, stripControls } from '../../util/text.ts';
import { leaf } from './agentLeaf.ts';
import type { Item } from '../items.ts';
import type { Translate } from '../l10n.ts';
import { outcomeWord } from '../turnWords.ts';
import { turnRows } from './turnItems.ts';

/** Whether the agent has past turns that this window has not read. */
export function hasMorePast(agent: AgentRecord, view: AgentView, past: PastState): boolean {
  return past !== 'read' && agent.runtimeSessionId !== undefined && agent.roundsCompleted > view.pastTurns.length;
}

export function pastTurnRows(agent: AgentRecord, view: AgentView, past: PastState, t: Translate): Item[] {
  const [last, ...older] = view.pastTurns.toReversed().map((turn) => pastTurnRow(agent, turn, t));
  const more = hasMorePast(agent, view, past);
  if (older.length === 0 && !more) return last ? [last] : [];
  const description = { unread: '', reading: t('reading…'), failed: t('could not be read'), read: '' };
  const earlier = leaf(agent, 'earlier', {
    label: t('Earlier turns'),
    description: (more && description[past]) || (older.length > 0 ? String(older.length) : ''),
    icon: { id: 'history' },
    collapse: 'collapsed',
    children: () => (older.length > 0 ? older : [unknownRow(agent, past, t)]),
  });
  return last ? [last, earlier] : [earlier];
}

function unknownRow(agent: AgentRecord, past: PastState, t: Translate): Item {
  const label = past === 'failed' ? t('Collapse and expand this row to try again.') : t('Reading…');
  return leaf(agent, 'earlier/none', { label, icon: { id: past === 'failed' ? 'warning' : 'ellipsis' } });
}

const icons = {
  completed: { id: 'pass', color: 'charts.green' },
  interrupted: { id: 'circle-slash', color: 'charts.yellow' },
  failed: { id: 'error', color: 'problemsErrorIcon.foreground' },
};

function pastTurnRow(agent: AgentRecord, turn: TurnView, t: Translate): Item {
  const key = `past/${turn.id}`;
  const context = { agentId: agent.id, turnId: turn.id, prefix: `agent/${agent.id}/${key}`, t };
  const { outcome } = turn;
  const detail = outcome?.status === 'failed' ? outcome.message : lastWords(turn);
  return leaf(agent, key, {
    label: outcomeWord(outcome, t),
    icon: icons[outcome?.status ?? 'interrupted'],
    description: oneLine(detail, 80),
    collapse: 'collapsed',
    changes: { turn: turn.id },
    tooltip: () => stripControls(detail),
    copies: () => detail || outcomeWord(outcome, t),
    children: () => turnRows(turn, context),
  });
}

/** The agent's last message in a turn. Empty if it said nothing. */
export function lastWords(turn: TurnView): string {
  const said = turn.items.findLast((item) => item.kind === 'agentMessage' && item.text.trim() !== '');
  return said?.kind === 'agentMessage' ? said.text : '';
}
