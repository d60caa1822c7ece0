/** The tasks tree as plain data: what runs, what is assigned, the backlog, what is done. */
import { isTaskOver, type TaskRecord, type TaskState } from '../town/records.ts';
import { oneLine, stripControls } from '../util/text.ts';
import type { Collapse, Item, ItemIcon } from './items.ts';
import type { Translate } from './l10n.ts';
import type { TownPicture } from './townPicture.ts';

/** Finished tasks that are shown; older ones stay in Redis. */
const DONE_LIMIT = 50;

export type TaskPicture = Pick<TownPicture, 'agents' | 'tasks' | 'backlog'>;

const icons: Record<TaskState, ItemIcon> = {
  pending: { id: 'circle-large-outline' },
  assigned: { id: 'mail' },
  running: { id: 'sync~spin', color: 'charts.blue' },
  completed: { id: 'pass', color: 'testing.iconPassed' },
  failed: { id: 'error', color: 'testing.iconFailed' },
  cancelled: { id: 'circle-slash', color: 'disabledForeground' },
};

/** The groups that have something in them. */
export function taskItems(picture: TaskPicture, t: Translate): Item[] {
  const tasks = [...picture.tasks.values()];
  const inState = (state: TaskState): TaskRecord[] =>
    tasks.filter((task) => task.state === state).toSorted((a, b) => time(a.createdAt) - time(b.createdAt));
  const backlog = picture.backlog.flatMap((id) => picture.tasks.get(id) ?? []);
  const done = tasks
    .filter((task) => isTaskOver(task.state))
    .toSorted((a, b) => time(b.completedAt ?? b.updatedAt) - time(a.completedAt ?? a.updatedAt))
    .slice(0, DONE_LIMIT);
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
    spoken: t('{0}, {1} tasks', group.label, group.tasks.length),
    collapse: group.collapse,
    children: () => group.tasks.map((task) => taskItem(task, group.key, picture, t)),
  };
}

function taskItem(task: TaskRecord, group: string, picture: TaskPicture, t: Translate): Item {
  const agent = task.assignedTo === undefined ? undefined : picture.agents.get(task.assignedTo);
  const label = oneLine(task.description) || t('(no text)');
  const details = [agent && oneLine(agent.name, 64), ...task.tags.map((tag) => `#${oneLine(tag, 24)}`)].filter(
    (part) => part !== undefined,
  );
  return {
    id: `tasks/${group}/${task.id}`,
    label,
    description: details.join(' · '),
    icon: icons[task.state],
    contextValue: `task;${task.state};${group === 'backlog' ? 'backlog;' : ''}${isTaskOver(task.state) ? '' : 'open;'}`,
    taskId: task.id,
    spoken: [t('Task {0}', label), ...details].join(', '),
    collapse: 'none',
    tooltip: () =>
      [task.description, task.result && t('Result: {0}', task.result), t('Task id: {0}', task.id)]
        .flatMap((line) => (line ? [stripControls(line)] : []))
        .join('\n\n'),
  };
}

function time(rfc3339: string): number {
  const milliseconds = Date.parse(rfc3339);
  return Number.isNaN(milliseconds) ? 0 : milliseconds;
}
