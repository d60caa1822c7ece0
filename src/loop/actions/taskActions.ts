/** What people can do to tasks: fill the backlog, assign tasks from it, and end assigned tasks. */
import { SUPERVISOR_ID } from '../../town/keys.ts';
import { type AgentRecord, type TaskRecord, isTaskOver } from '../../town/records/records.ts';
import type { Town } from '../../town/town.ts';
import { TinytownError } from '../../util/errors.ts';
import { say } from '../../util/sentence.ts';

export class TaskActions {
  private readonly town: Town;
  private readonly find: (ref: string) => Promise<AgentRecord>;

  /** @param find Finds the agent that a reference means; throws if there is none. */
  constructor(town: Town, find: (ref: string) => Promise<AgentRecord>) {
    this.town = town;
    this.find = find;
  }

  /** Adds a task to the backlog. Agents whose role it matches are shown the task. */
  async add(description: string, tags: readonly string[] = []): Promise<TaskRecord> {
    mustSay(description);
    return this.town.tasks.addToBacklog({ description, tags: cleanTags(tags) });
  }

  /** Gives a task of the backlog to an agent. @throws TinytownError `taskTaken`, `taskGone`, `agentGone` */
  async claim(taskId: string, ref: string): Promise<void> {
    const agent = await this.find(ref);
    await this.town.tasks.claim(taskId, agent.id, SUPERVISOR_ID);
  }

  /** Takes a task off the backlog and deletes it. */
  async removeFromBacklog(taskId: string): Promise<void> {
    if (await this.town.tasks.removeFromBacklog(taskId)) return;
    throw new TinytownError('taskTaken', 'This task is no longer in the backlog. It was assigned or removed.');
  }

  /** Deletes every task that is over. Resolves with how many. */
  async clearFinished(): Promise<number> {
    const finished = [...this.town.mirror.tasks.values()].filter(({ state }) => isTaskOver(state));
    return this.town.tasks.clearFinished(finished.map(({ id }) => id));
  }

  async complete(taskId: string, result: string): Promise<void> {
    await this.open(taskId);
    await this.town.tasks.complete(taskId, result, SUPERVISOR_ID);
  }

  async cancel(taskId: string, reason: string): Promise<void> {
    await this.open(taskId);
    await this.town.tasks.cancel(taskId, reason);
  }

  /** Puts a task of the backlog before another one, or at its end. @throws TinytownError `taskTaken` */
  async move(taskId: string, before: string | undefined): Promise<void> {
    await this.town.taskEdits.move(taskId, before);
  }

  /** Replaces a task's tags. Agents whose role they name are shown the task. @throws TinytownError `taskGone`, `taskOver` */
  async tag(taskId: string, tags: readonly string[]): Promise<void> {
    await this.town.taskEdits.tag(taskId, cleanTags(tags));
  }

  /** Replaces the text of a task that nobody has begun. @throws TinytownError `taskGone`, `taskOver`, `taskBegun` */
  async describe(taskId: string, description: string): Promise<void> {
    mustSay(description);
    await this.town.taskEdits.describe(taskId, description);
  }

  private async open(taskId: string): Promise<void> {
    const task = await this.town.tasks.get(taskId);
    if (!task) throw new TinytownError('taskGone', 'This task no longer exists.');
    if (isTaskOver(task.state)) throw new TinytownError('taskOver', say('This task is already {0}.', task.state));
  }
}

function mustSay(description: string): void {
  if (description.trim() === '') throw new TinytownError('emptyText', 'The task is empty. Describe what to do.');
}

/** Removes duplicates and leading `#` signs. */
function cleanTags(tags: readonly string[]): string[] {
  return [...new Set(tags.map((tag) => tag.trim().replace(/^#+/, '')).filter((tag) => tag !== ''))];
}
