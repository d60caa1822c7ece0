/** A task as a full text: what to do, who has it, and the result. */
import { type TaskRecord, type TaskState, mayBeInTurn } from '../../town/records/records.ts';
import { stripControls } from '../../util/text.ts';
import type { Translate } from '../l10n.ts';
import type { TownPicture } from '../town/townPicture.ts';

export function taskStateWord(state: TaskState, t: Translate): string {
  switch (state) {
    case 'pending':
      return t('backlog');
    case 'assigned':
      return t('assigned');
    case 'running':
      return t('running');
    case 'completed':
      return t('done');
    case 'failed':
      return t('failed');
    case 'cancelled':
      return t('canceled');
  }
}

/**
 * The state to show. A record may say `running` long after the work has stopped. Only an agent that is starting or at
 * work works on it. Otherwise it is shown as assigned: an agent may end its turn without completing its task.
 */
export function shownTaskState(task: TaskRecord, { agents }: Pick<TownPicture, 'agents'>): TaskState {
  if (task.state !== 'running') return task.state;
  const agent = agents.get(task.assignedTo ?? '')?.state;
  return agent !== undefined && (agent === 'starting' || mayBeInTurn(agent)) ? 'running' : 'assigned';
}

/** The name of the agent that has a task. */
export function assigneeOf(task: TaskRecord, picture: Pick<TownPicture, 'agents'>): string | undefined {
  return task.assignedTo === undefined ? undefined : picture.agents.get(task.assignedTo)?.name;
}

export function taskText(task: TaskRecord, picture: Pick<TownPicture, 'agents'>, t: Translate): string {
  const facts: [string, string | undefined][] = [
    [t('State'), taskStateWord(shownTaskState(task, picture), t)],
    [t('Agent'), assigneeOf(task, picture)],
    [t('Tags'), task.tags.map((tag) => `#${tag}`).join(' ')],
    [t('Created'), moment(task.createdAt)],
    [t('Started'), moment(task.startedAt)],
    [t('Ended'), moment(task.completedAt)],
    [t('Task id'), task.id],
  ];
  const lines = facts.flatMap(([name, value]) => (value ? [`${name}: ${value}`] : []));
  const failed = task.state === 'failed' || task.state === 'cancelled';
  const result = task.result?.trim() ? [`── ${failed ? t('Reason') : t('Result')} ──`, task.result.trim()] : [];
  return stripControls([task.description.trim(), `── ${t('Task')} ──\n${lines.join('\n')}`, ...result].join('\n\n'));
}

/** Local time in a form that is readable in every language, for example `2026-01-02 03:04`. */
function moment(rfc3339: string | undefined): string | undefined {
  const at = Date.parse(rfc3339 ?? '');
  return Number.isNaN(at)
    ? undefined
    : new Date(at).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'short' });
}

/** The tasks in a pasted text: one per line, without bullets, numbers and check boxes. */
export function linesOf(text: string): string[] {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.replace(/^\s*(?:[-*•]|\d+[.)])?\s+(?:\[[ xX]\]\s+)?/, '').trim())
    .filter((line) => line !== '');
}
