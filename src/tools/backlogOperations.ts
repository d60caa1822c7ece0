/** Operations on the backlog: the tasks that are not assigned yet. */
import * as z from 'zod/mini';
import { TinytownError } from '../util/errors.ts';
import { fenced, oneLine, stripControls } from '../util/text.ts';
import { agentReference, tags, taskId, text } from './arguments.ts';
import { operation } from './operation.ts';
import { ownAgent } from './people.ts';
import { taskLine } from './shown.ts';

const SHOWN = 100;

export const backlogList = operation({
  name: 'backlog_list',
  description: 'List the unassigned tasks, oldest first.',
  effect: 'reads',
  arguments: {},
  async run({ town }) {
    const ids = await town.tasks.backlog();
    if (ids.length === 0) return 'The backlog is empty.';
    const shown = ids.slice(0, SHOWN);
    const { tasks } = await town.tasks.read(shown);
    const known = new Map(tasks.map((task) => [task.id, task]));
    const lines = shown.map((id) => {
      const task = known.get(id);
      return task ? taskLine(task) : `- ${oneLine(id, 64)}: (it has no readable record)`;
    });
    if (ids.length > shown.length) lines.push(`- and ${ids.length - shown.length} more`);
    return `${ids.length} ${ids.length === 1 ? 'task' : 'tasks'} in the backlog:\n${lines.join('\n')}`;
  },
});

export const backlogAdd = operation({
  name: 'backlog_add',
  description: 'Add a task to the backlog, for any suitable agent.',
  effect: 'adds',
  arguments: { text: text('The complete task.'), tags },
  async run({ town }, { text: description, tags: words = [] }) {
    const task = await town.tasks.addToBacklog({ description, tags: words.map((word) => word.trim()) });
    return `Added task ${task.id} to the backlog.`;
  },
});

export const backlogClaim = operation({
  name: 'backlog_claim',
  description: 'Claim a task from the backlog for yourself. If several agents claim it, only one gets it.',
  effect: 'changes',
  arguments: {
    task_id: taskId('The task’s full id, from backlog_list.'),
    agent: z.optional(agentReference('Defaults to you. Only the supervisor can claim for others.')),
  },
  async run(context, { task_id: id, agent }) {
    const { town, self } = context;
    const claimant = await ownAgent(context, agent);
    await town.tasks.claim(id, claimant.id, self.id);
    if (claimant.id !== self.id) return `Task ${id} is ${claimant.name}’s now.`;
    const task = await town.tasks.get(id);
    return `Task ${id} is yours now:\n\n${fenced(stripControls(task?.description ?? ''))}`;
  },
});

export const backlogRemove = operation({
  name: 'backlog_remove',
  description: 'Delete a task that is no longer needed from the backlog.',
  effect: 'changes',
  arguments: { task_id: taskId('The task’s full id, from backlog_list.') },
  async run({ town }, { task_id: id }) {
    if (await town.tasks.removeFromBacklog(id)) return `Removed task ${id} from the backlog.`;
    throw new TinytownError('taskTaken', `Task ${id} is not in the backlog: it was claimed or removed.`, {
      hint: 'List the backlog to see what is there.',
    });
  },
});
