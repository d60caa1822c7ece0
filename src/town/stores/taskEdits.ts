/** Changes to tasks that are not over: their place in the backlog, their tags, their text. */
import { TinytownError } from '../../util/errors.ts';
import { decodeWord } from '../records/decodeReplies.ts';
import type { TownKeys } from '../keys.ts';
import { type TaskRecord, taskFields } from '../records/records.ts';
import type { TownRedis } from '../redis/connect.ts';
import editTaskSource from '../scripts/editTask.lua';
import moveBacklogTaskSource from '../scripts/moveBacklogTask.lua';

const moveBacklogTask = { name: 'moveBacklogTask', source: moveBacklogTaskSource };
const editTask = { name: 'editTask', source: editTaskSource };

export class TaskEdits {
  private readonly redis: TownRedis;
  private readonly keys: TownKeys;

  constructor(redis: TownRedis, keys: TownKeys) {
    this.redis = redis;
    this.keys = keys;
  }

  /**
   * Puts a task of the backlog before another one, or at its end.
   * @throws TinytownError `taskTaken` if one of them is no longer in the backlog
   */
  async move(taskId: string, before: string | undefined): Promise<void> {
    const reply = await this.redis.write(() =>
      this.redis.scripts.run(moveBacklogTask, [this.keys.backlog], [taskId, before ?? '']),
    );
    switch (decodeWord(['moved', 'not-in-backlog', 'no-place'], reply)) {
      case 'moved':
        return;
      case 'not-in-backlog':
        throw new TinytownError('taskTaken', 'This task is no longer in the backlog: someone has it.');
      case 'no-place':
        throw new TinytownError('taskTaken', 'The backlog has changed in the meantime. Refresh, then try again.');
    }
  }

  /** Replaces the tags of a task that is not over. @throws TinytownError `taskGone`, `taskOver` */
  async tag(taskId: string, tags: readonly string[]): Promise<void> {
    await this.edit(taskId, { tags: [...tags] }, false);
  }

  /** Replaces the text of a task that no agent has started. @throws TinytownError `taskGone`, `taskOver`, `taskBegun` */
  async describe(taskId: string, description: string): Promise<void> {
    await this.edit(taskId, { description }, true);
  }

  private async edit(taskId: string, change: Partial<TaskRecord>, unlessBegun: boolean): Promise<void> {
    const { keys } = this;
    const fields = Object.entries(taskFields(change)).flat();
    const args = [taskId, unlessBegun ? '1' : '', new Date().toISOString(), ...fields];
    const reply = await this.redis.write(() =>
      this.redis.scripts.run(editTask, [keys.task(taskId), keys.backlog], args),
    );
    switch (decodeWord(['done', 'no-task', 'over', 'begun'], reply)) {
      case 'done':
        return;
      case 'no-task':
        throw new TinytownError('taskGone', 'This task no longer exists.');
      case 'over':
        throw new TinytownError('taskOver', 'This task is over: it can no longer be changed.');
      case 'begun':
        throw new TinytownError('taskBegun', 'An agent is already working on this task. Steer the agent instead.');
    }
  }
}
