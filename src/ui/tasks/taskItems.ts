/** The tasks tree as plain data: running tasks, assigned tasks, the backlog, finished tasks. */
import { isTaskOver, type TaskRecord, type TaskState } from '../../town/records/records.ts';
import { oneLine } from '../../util/text.ts';
import { Command } from '../ids.ts';
import type { Collapse, Item, ItemIcon } from '../items.ts';
import type { Translate } from '../l10n.ts';
import { assigneeOf, shownTaskState, taskStateWord, taskText } from './taskText.ts';
import type { TownPicture } from '../town/townPicture.ts';

/** How many tasks of a group are shown at once. The next ones are one level deeper, again this many. */
const SHOWN = 50;

/** The id of the backlog's row. */
export const BACKLOG_ROW = 'tasks/backlog';

export type TaskPicture = Pick<TownPicture, 'agents' | 'tasks' | 'backlog'>;

export const taskIcons: Record<TaskState, ItemIcon> = {
  pending: { id: 'circle-large-outline' },
  assigned: { id: 'mail' },
  running: { id: 'sync~spin', color: 'charts.blue' },
  completed: { id: 'pass', color: 'charts.green' },
  failed: { id: 'error', color: 'problemsErrorIcon.foreground' },
  cancelled: { id: 'circle-slash', color: 'disabledForeground' },
};

/** The groups that have tasks. */
export function taskItems(picture: TaskPicture, t: Translate): Item[] {
  const tasks = [...picture.tasks.values()];
  const inState = (state: TaskState): TaskRecord[] =>
    tasks
      .filter((task) => shownTaskState(task, picture) === state)
      .toSorted((a, b) => time(a.createdAt) - time(b.createdAt));
  const backlog = picture.backlog.flatMap((id) => picture.tasks.get(id) ?? []);
  const done = tasks
    .filter((task) => isTaskOver(task.state))
    .toSorted((a, b) => time(b.completedAt ?? b.updatedAt) - time(a.completedAt ?? a.updatedAt));
  const groups: Group[] = [
    { key: 'running', label: t('Running'), icon: 'play', tasks: inState('running'), collapse: 'expanded' },
    { key: 'assigned', label: t('Assigned'), icon: 'inbox', tasks: inState('assigned'), collapse: 'expanded' },
    { key: 'backlog', label: t('Backlog'), icon: 'list-unordered', tasks: backlog, collapse: 'expanded' },
    { key: 'done', label: t('Done'), icon: 'checklist', tasks: done, collapse: 'collapsed' },
  ];
  return groups.filter((group) => group.tasks.length > 0).map((group) => groupItem(group, picture, t));
}

interface Group {
  key: string;
  label: string;
  icon: string;
  tasks: TaskRecord[];
  collapse: Collapse;
}

function groupItem(group: Group, picture: TaskPicture, t: Translate): Item {
  return {
    id: `tasks/${group.key}`,
    label: group.label,
    description: String(group.tasks.length),
    icon: { id: group.icon },
    contextValue: `taskGroup;${group.key};`,
    spoken: spokenGroup(group.label, group.tasks.length, t),
    collapse: group.collapse,
    children: () => page(group, 0, picture, t),
  };
}

/** One page of a group's tasks from `start` on, and a row for the tasks after it. */
function page(group: Group, start: number, picture: TaskPicture, t: Translate): Item[] {
  const end = start + SHOWN;
  const rows = group.tasks.slice(start, end).map((task) => taskItem(task, group.key, picture, t));
  const left = group.tasks.length - end;
  if (left <= 0) return rows;
  const label = group.key === 'done' ? t('Older') : t('More');
  return [
    ...rows,
    {
      id: `tasks/${group.key}/from/${end}`,
      label,
      description: String(left),
      icon: { id: 'ellipsis' },
      contextValue: 'moreTasks;',
      spoken: spokenGroup(label, left, t),
      collapse: 'collapsed',
      children: () => page(group, end, picture, t),
    },
  ];
}

function spokenGroup(label: string, tasks: number, t: Translate): string {
  return tasks === 1 ? t('{0}, 1 task', label) : t('{0}, {1} tasks', label, tasks);
}

function taskItem(task: TaskRecord, group: string, picture: TaskPicture, t: Translate): Item {
  const agent = assigneeOf(task, picture);
  const label = [oneLine(task.description) || t('(no text)'), ...unsaidTags(task)].join(' ');
  const details = [
    agent === undefined ? undefined : oneLine(agent, 64),
    task.state === 'cancelled' ? t('canceled') : undefined,
    task.result === undefined ? undefined : oneLine(task.result, 80),
  ].filter((part) => part);
  return {
    id: `tasks/${group}/${task.id}`,
    label,
    description: details.join(' · '),
    icon: iconOf(task, picture),
    contextValue: `task;${task.state};${group === 'backlog' ? 'backlog;' : ''}${isTaskOver(task.state) ? '' : 'open;'}`,
    taskId: task.id,
    spoken: [t('Task {0}', label), taskStateWord(shownTaskState(task, picture), t), ...details].join(', '),
    collapse: 'none',
    runs: { command: Command.openTask, title: t('Open Task'), arguments: [task.id] },
    tooltip: () => taskText(task, picture, t),
    copies: () => task.description,
  };
}

/** The icon spins only while the agent is at work, not while it starts. */
function iconOf(task: TaskRecord, picture: TaskPicture): ItemIcon {
  const state = shownTaskState(task, picture);
  const agent = picture.agents.get(task.assignedTo ?? '')?.state;
  if (state === 'running' && agent === 'starting') return { id: 'sync' };
  return taskIcons[state];
}

/** The tags that are not in the task's text. They are part of the label, so people can find them by typing. */
function unsaidTags({ description, tags }: TaskRecord): string[] {
  return tags.map((tag) => `#${oneLine(tag, 24)}`).filter((tag) => !description.includes(tag));
}

function time(rfc3339: string): number {
  const milliseconds = Date.parse(rfc3339);
  return Number.isNaN(milliseconds) ? 0 : milliseconds;
}
