/** Operations on assigned tasks. */
import * as z from 'zod/mini';
import { SUPERVISOR_ID } from '../town/keys.ts';
import { type TaskRecord, isTaskOver, taskStates } from '../town/records/records.ts';
import type { FinishResult } from '../town/stores/tasks.ts';
import { TinytownError } from '../util/errors.ts';
import { agentReference, taskId, text } from './arguments.ts';
import { type ToolContext, type ToolTown, operation } from './operation.ts';
import { type Addressee, findAddressee, namer } from './people.ts';
import { taskInFull, taskLine } from './shown.ts';

const LISTED = 200;
const idOrCurrent = z.optional(taskId('The task’s id. Defaults to your current task.'));

export const taskCurrent = operation({
  name: 'task_current',
  description: 'Show your current task.',
  effect: 'reads',
  arguments: { agent: z.optional(agentReference('Another agent, whose task to show.')) },
  async run({ town, self }, { agent }) {
    const who = await findAddressee(town, agent ?? self.id);
    const [task, ...others] = await currentTasks(town, who);
    const you = who.id === self.id;
    if (task === undefined) return you ? 'You have no task.' : `${who.name} has no task.`;
    if (others.length === 0) return await inFull({ town, self }, task);
    const lines = [task, ...others].map((one) => taskLine(one));
    return `${you ? 'You have' : `${who.name} has`} ${lines.length} tasks:\n${lines.join('\n')}`;
  },
});

export const taskShow = operation({
  name: 'task_show',
  description: 'Show a task in full: its text, its state, who has it, and its result.',
  effect: 'reads',
  arguments: { task_id: taskId('The task’s id.') },
  async run(context, { task_id: id }) {
    return await inFull(context, await knownTask(context.town, id));
  },
});

export const taskComplete = operation({
  name: 'task_complete',
  description: 'Mark one of your tasks as completed. Whoever assigned it gets the result.',
  effect: 'changes',
  arguments: { task_id: idOrCurrent, result: z.optional(text('What was done, in a few sentences.')) },
  async run(context, { task_id: id, result = 'Completed' }) {
    const task = await ownTask(context, id);
    const { tasks } = context.town;
    await settled(context, task, 'completed', result, await tasks.complete(task.id, result, context.self.id));
    return `Task ${task.id} is completed.`;
  },
});

export const taskFail = operation({
  name: 'task_fail',
  description: 'Mark one of your tasks as failed, with the reason. Whoever assigned it gets the reason.',
  effect: 'changes',
  arguments: { task_id: idOrCurrent, reason: text('Why it cannot be done, and what would help.') },
  async run(context, { task_id: id, reason }) {
    const task = await ownTask(context, id);
    await settled(context, task, 'failed', reason, await context.town.tasks.fail(task.id, reason, context.self.id));
    return `Task ${task.id} has failed.`;
  },
});

export const taskList = operation({
  name: 'task_list',
  description: 'List the tasks of the town, oldest first.',
  effect: 'reads',
  commandOnly: true,
  arguments: {
    state: z.optional(z.enum(taskStates, `is none of ${taskStates.join(', ')}`).check(z.describe('Only these.'))),
  },
  async run({ town, self }, { state }) {
    const [{ tasks }, { agents }] = await Promise.all([town.tasks.list(), town.agents.list()]);
    const nameOf = namer(self, agents);
    const chosen = tasks.filter((task) => state === undefined || task.state === state);
    if (chosen.length === 0) return 'There are no such tasks.';
    const lines = chosen.slice(-LISTED).map((task) => taskLine(task, nameOf(task.assignedTo)));
    const left = chosen.length - lines.length;
    return left > 0 ? `(${left} older ones are left out)\n${lines.join('\n')}` : lines.join('\n');
  },
});

/** The current task in an agent's record. Without one, all open tasks that are assigned to the agent, as in `tt`. */
async function currentTasks(town: ToolTown, { id, record }: Addressee): Promise<TaskRecord[]> {
  const current = record?.currentTask === undefined ? undefined : await town.tasks.get(record.currentTask);
  if (current && !isTaskOver(current.state)) return [current];
  const { tasks } = await town.tasks.list();
  return tasks.filter((task) => task.assignedTo === id && !isTaskOver(task.state));
}

async function knownTask(town: ToolTown, id: string): Promise<TaskRecord> {
  const task = await town.tasks.get(id);
  if (task) return task;
  throw new TinytownError('taskGone', `Task ${id} does not exist.`, {
    hint: 'Look at your current task, or at the backlog, for the right id.',
  });
}

/** The task to end. An agent can end only tasks that are assigned to it. */
async function ownTask(context: ToolContext, id: string | undefined): Promise<TaskRecord> {
  const { town, self } = context;
  if (id !== undefined) {
    const task = await knownTask(town, id);
    if (self.id === SUPERVISOR_ID || task.assignedTo === self.id) return task;
    if (task.assignedTo === undefined) {
      throw new TinytownError('notYours', `Task ${id} is not assigned yet.`, {
        hint: 'Claim it from the backlog first.',
      });
    }
    const { agents } = await town.agents.list();
    throw new TinytownError(
      'notYours',
      `Task ${id} is assigned to ${namer(self, agents)(task.assignedTo)}, not to you.`,
      {
        hint: 'Only the assigned agent or the supervisor can end a task. Send a message instead.',
      },
    );
  }
  const [task, ...others] = await currentTasks(town, await findAddressee(town, self.id));
  if (task && others.length === 0) return task;
  if (task) {
    const ids = [task, ...others].map((one) => one.id).join(', ');
    throw new TinytownError('badArguments', `task_id is missing: you have several tasks (${ids}).`);
  }
  throw new TinytownError('badArguments', 'task_id is missing: you have no current task.');
}

/** Makes sure that a task ended as requested. An earlier attempt may have ended it, and its reply was lost. */
async function settled(
  { town }: ToolContext,
  { id }: TaskRecord,
  state: 'completed' | 'failed',
  result: string,
  outcome: FinishResult,
): Promise<void> {
  if (outcome === 'done') return;
  const task = await knownTask(town, id);
  if (task.state === state && task.result === result) return;
  throw new TinytownError('taskOver', `Task ${id} is already ${task.state}. Nothing was changed.`);
}

async function inFull({ town, self }: ToolContext, task: TaskRecord): Promise<string> {
  const { agents } = await town.agents.list();
  return taskInFull(task, namer(self, agents));
}
