/** The tasks of a town, as records in Redis, and the backlog of unassigned ones. */
import { randomUUID } from 'node:crypto';
import { TinytownError } from '../../util/errors.ts';
import { say } from '../../util/sentence.ts';
import { oneLine } from '../../util/text.ts';
import { type Problem, decodeDone, decodeWord, readHashes } from '../records/decodeReplies.ts';
import { type EventType, STREAM_LENGTH, eventPayload, newEvent } from './events.ts';
import { pushCommand } from './inbox.ts';
import { SUPERVISOR_ID, type TownKeys } from '../keys.ts';
import { type Message, decodeMessage, encodeMessage, newMessage } from '../records/messages.ts';
import { type TaskRecord, byAge, decodeTask, isTaskOver, taskFields, taskStates } from '../records/records.ts';
import type { TownRedis } from '../redis/connect.ts';
import { isRedisError } from '../redis/errors.ts';
import type { LuaScript, ScriptWord } from '../redis/script.ts';
import { scanTown } from '../live/scan.ts';
import addBacklogTaskSource from '../scripts/addBacklogTask.lua';
import assignTaskSource from '../scripts/assignTask.lua';
import clearFinishedTasksSource from '../scripts/clearFinishedTasks.lua';
import claimTaskSource from '../scripts/claimTask.lua';
import finishTaskSource from '../scripts/finishTask.lua';
import removeBacklogTaskSource from '../scripts/removeBacklogTask.lua';

const addBacklogTask = { name: 'addBacklogTask', source: addBacklogTaskSource };
const assignTask = { name: 'assignTask', source: assignTaskSource };
const claimTask = { name: 'claimTask', source: claimTaskSource };
const clearFinishedTasks = { name: 'clearFinishedTasks', source: clearFinishedTasksSource };
const finishTask = { name: 'finishTask', source: finishTaskSource };
const removeBacklogTask = { name: 'removeBacklogTask', source: removeBacklogTaskSource };

/** `over`: the task had ended before, and nothing was written. */
export type FinishResult = 'done' | 'over' | 'no-task';

/** How often to try again if a task is reassigned while it is being ended. */
const FINISH_ATTEMPTS = 10;

interface Finish {
  /** Who ends it, unless that is the agent that has it. */
  finisher?: string | undefined;
  /** Applies only while this message (its exact bytes) still waits in a list of its agent. */
  whileWaiting?: Buffer | undefined;
}

/** How many messages of each list are searched. An assignment further back reaches its agent, which finds the task over. */
const MESSAGES_SEARCHED = 1_000;

export interface NewTask {
  description: string;
  tags?: readonly string[];
  parentId?: string;
}

export class TaskStore {
  private readonly redis: TownRedis;
  private readonly keys: TownKeys;

  constructor(redis: TownRedis, keys: TownKeys) {
    this.redis = redis;
    this.keys = keys;
  }

  /** All tasks, oldest first, and the malformed records. Scans all of Redis: prefer `TownMirror`. */
  async list(): Promise<{ tasks: TaskRecord[]; malformed: Problem[] }> {
    const found = await scanTown(this.redis, this.keys, 'task');
    return await this.read(found.map(({ id }) => id ?? ''));
  }

  /** The tasks with these ids, oldest first, in one round trip. Tasks that are gone are left out. */
  async read(ids: readonly string[]): Promise<{ tasks: TaskRecord[]; malformed: Problem[] }> {
    const hashes = await readHashes(
      this.redis,
      ids.map((id) => this.keys.task(id)),
    );
    const tasks: TaskRecord[] = [];
    const malformed: Problem[] = [];
    for (const [place, id] of ids.entries()) {
      const hash = hashes[place];
      if (hash === undefined || (hash.ok && Object.keys(hash.value).length === 0)) continue;
      const task = hash.ok ? decodeTask(hash.value) : hash;
      if (task.ok && task.value.id === id) tasks.push(task.value);
      else malformed.push({ key: this.keys.task(id), reason: task.ok ? 'has the id of another key' : task.reason });
    }
    return { tasks: tasks.toSorted(byAge), malformed };
  }

  /** One task; undefined if there is none. @throws TinytownError `recordMalformed` */
  async get(id: string): Promise<TaskRecord | undefined> {
    const { tasks, malformed } = await this.read([id]);
    const problem = malformed[0];
    if (problem)
      throw new TinytownError(
        'recordMalformed',
        say('The record {0} cannot be used: it {1}.', problem.key, problem.reason),
      );
    return tasks[0];
  }

  /**
   * Creates a task for an agent (or the supervisor), and sends it a `task_assign` message from `from`.
   * @throws TinytownError `agentGone`
   */
  async assign(task: NewTask, agentId: string, from: string, { urgent = false } = {}): Promise<TaskRecord> {
    const { keys } = this;
    const record: TaskRecord = { ...newTask(task), state: 'assigned', assignedTo: agentId, assignedBy: from };
    const message = newMessage({ type: 'task_assign', taskId: record.id, from, to: agentId });
    const made = await this.run(
      assignTask,
      [
        keys.task(record.id),
        urgent ? keys.urgent(agentId) : keys.inbox(agentId),
        keys.events,
        keys.agentEvents(agentId),
        ...this.recordOf(agentId),
      ],
      [
        encodeMessage(message),
        pushCommand(message, urgent),
        ...eventWords('task_assigned', record.description, agentId, record.id),
        ...Object.entries(taskFields(record)).flat(),
      ],
    );
    if (!decodeDone(made)) throw new TinytownError('agentGone', 'This agent no longer exists.');
    return record;
  }

  /** Creates an unassigned task at the end of the backlog. */
  async addToBacklog(task: NewTask): Promise<TaskRecord> {
    const record = newTask(task);
    const fields = Object.entries(taskFields(record)).flat();
    await this.run(addBacklogTask, [this.keys.task(record.id), this.keys.backlog], [record.id, ...fields]);
    return record;
  }

  /** The ids of the backlog, oldest first. */
  async backlog(): Promise<string[]> {
    return await this.redis.read((client) => client.lrange(this.keys.backlog, 0, -1));
  }

  /**
   * Takes a task from the backlog for an agent, and sends the agent a message. If several claim it, one gets it.
   * @throws TinytownError `taskTaken` (claimed by another, or not in the backlog), `taskGone`, `agentGone`
   */
  async claim(taskId: string, agentId: string, from: string): Promise<void> {
    const { keys } = this;
    const message = newMessage({ type: 'task_assign', taskId, from, to: agentId });
    const reply = await this.run(
      claimTask,
      [
        keys.backlog,
        keys.task(taskId),
        keys.agent(agentId),
        keys.inbox(agentId),
        keys.events,
        keys.agentEvents(agentId),
      ],
      [
        taskId,
        agentId,
        from,
        now(),
        encodeMessage(message),
        ...eventWords('task_assigned', 'Claimed from the backlog', agentId, taskId),
      ],
    );
    switch (decodeWord(['claimed', 'no-agent', 'not-in-backlog', 'no-task'], reply)) {
      case 'claimed':
        return;
      case 'no-agent':
        throw new TinytownError('agentGone', 'This agent no longer exists.');
      case 'not-in-backlog':
        throw new TinytownError('taskTaken', say('Task {0} is not in the backlog: someone else may have it.', taskId), {
          hint: 'List the backlog to see what is left.',
        });
      case 'no-task':
        throw new TinytownError('taskGone', say('Task {0} no longer exists or is over.', taskId));
    }
  }

  /** Takes a task off the backlog and deletes it. False if it was not there. */
  async removeFromBacklog(taskId: string): Promise<boolean> {
    return decodeDone(await this.run(removeBacklogTask, [this.keys.backlog, this.keys.task(taskId)], [taskId]));
  }

  /** Deletes those of these tasks that are over. Resolves with their number. */
  async clearFinished(taskIds: readonly string[]): Promise<number> {
    const keys = taskIds.map((id) => this.keys.task(id));
    return Number(await this.run(clearFinishedTasks, keys, taskStates.filter(isTaskOver)));
  }

  /**
   * Completes a task: counts it for the agent that has it, and clears the agent's current task. A task that is over never
   * changes. Whoever assigned it is told, unless it is `finisher`, who ends the task (by default the agent that has it).
   */
  async complete(taskId: string, result: string, finisher?: string): Promise<FinishResult> {
    return untaken(await this.finish(taskId, 'completed', result, { finisher }));
  }

  /** As {@link complete}, but marks the task as failed and does not count it. */
  async fail(taskId: string, error: string, finisher?: string): Promise<FinishResult> {
    return untaken(await this.finish(taskId, 'failed', error, { finisher }));
  }

  /** Cancels a task. Writes no event and tells nobody, because `tt` has no event for it. */
  async cancel(taskId: string, reason: string): Promise<FinishResult> {
    return untaken(await this.finish(taskId, 'cancelled', reason, {}));
  }

  /** As {@link cancel}, unless the message that assigns it was taken meanwhile. Then nothing is written (`taken`). */
  async cancelWaiting(taskId: string, reason: string, message: Buffer): Promise<FinishResult | 'taken'> {
    return await this.finish(taskId, 'cancelled', reason, { whileWaiting: message });
  }

  private async finish(
    taskId: string,
    state: 'completed' | 'failed' | 'cancelled',
    result: string,
    { finisher, whileWaiting }: Finish,
  ): Promise<FinishResult | 'taken'> {
    const { keys } = this;
    for (let attempt = 1; attempt <= FINISH_ATTEMPTS; attempt += 1) {
      // Read as bytes, because the script compares them with the stored ones, which may be invalid UTF-8.
      const [to, by] = await this.redis.write((client) =>
        client.hmgetBuffer(keys.task(taskId), 'assigned_to', 'assigned_by'),
      );
      const [assignedTo, assignedBy] = [to?.toString(), by?.toString()];
      const agent = assignedTo || undefined;
      const agentKeys =
        agent === undefined ? [] : [keys.agent(agent), keys.agentEvents(agent), keys.inbox(agent), keys.urgent(agent)];
      const event = state === 'cancelled' ? ['', ''] : eventWords(`task_${state}`, result, agent, taskId).slice(0, 2);
      const message = endMessage(taskId, state, result, { agent, assignedBy: assignedBy || undefined, finisher });
      const told = message === undefined ? [] : [keys.inbox(message.to), ...this.recordOf(message.to)];
      const waiting = agent === undefined ? [] : await this.assigningMessages(taskId, agent);
      const reply = await this.run(
        finishTask,
        [keys.task(taskId), keys.backlog, keys.events, ...agentKeys, ...told],
        [
          taskId,
          to ?? '',
          by ?? '',
          state,
          result,
          now(),
          ...event,
          STREAM_LENGTH,
          message === undefined ? '' : encodeMessage(message),
          whileWaiting !== undefined && agent !== undefined ? whileWaiting : '',
          ...waiting,
        ],
      );
      const outcome = decodeWord(['done', 'over', 'no-task', 'moved', 'taken'], reply);
      // The task was given to another agent since it was read: look again.
      if (outcome !== 'moved') return outcome;
    }
    throw new TinytownError('wrongState', say('Task {0} keeps changing. Refresh, then try again.', taskId));
  }

  /** The waiting messages, as exact bytes, that assign the task to the agent. */
  private async assigningMessages(taskId: string, agentId: string): Promise<Buffer[]> {
    const { keys } = this;
    const lists = await Promise.all(
      [keys.inbox(agentId), keys.urgent(agentId)].map((key) =>
        this.redis
          .write((client) => client.lrangeBuffer(key, 0, MESSAGES_SEARCHED - 1))
          .catch((error: unknown) =>
            isRedisError(error) && error.reason === 'redisFailed' ? [] : Promise.reject(error),
          ),
      ),
    );
    return lists.flat().filter((raw) => {
      if (!raw.includes(taskId)) return false;
      const message = decodeMessage(raw.toString());
      return message.ok && message.value.type === 'task_assign' && message.value.taskId === taskId;
    });
  }

  /** The key of the record that an addressee must have. None for the supervisor. */
  private recordOf(agentId: string): string[] {
    return agentId === SUPERVISOR_ID ? [] : [this.keys.agent(agentId)];
  }

  private async run(script: LuaScript, keys: readonly ScriptWord[], args: readonly ScriptWord[]): Promise<unknown> {
    return await this.redis.write(() => this.redis.scripts.run(script, keys, args));
  }
}

/** Only {@link TaskStore.cancelWaiting} can end with `taken`. */
function untaken(outcome: FinishResult | 'taken'): FinishResult {
  return outcome === 'taken' ? 'over' : outcome;
}

/**
 * Tells whoever assigned a task how it ended. Undefined if that is whoever ended it, or nobody. `tt` records no assigner and
 * always assigns in the supervisor's name.
 */
function endMessage(
  taskId: string,
  state: 'completed' | 'failed' | 'cancelled',
  result: string,
  {
    agent,
    assignedBy,
    finisher,
  }: { agent?: string | undefined; assignedBy?: string | undefined; finisher?: string | undefined },
): Message | undefined {
  if (agent === undefined || state === 'cancelled') return undefined;
  const from = finisher ?? agent;
  const to = assignedBy ?? SUPERVISOR_ID;
  if (from === to) return undefined;
  return state === 'completed'
    ? newMessage({ type: 'task_done', taskId, result, from, to })
    : newMessage({ type: 'task_failed', taskId, error: result, from, to });
}

function newTask({ description, tags = [], parentId }: NewTask): TaskRecord {
  const at = now();
  return { id: randomUUID(), description, state: 'pending', createdAt: at, updatedAt: at, tags: [...tags], parentId };
}

/** Type, data and stream length, in the order that the scripts take them. */
function eventWords(eventType: EventType, message: string, agentId: string | undefined, taskId: string): ScriptWord[] {
  const [, type, , data] = eventPayload(newEvent(eventType, oneLine(message, 500), { agentId, taskId }));
  return [type, data, STREAM_LENGTH];
}

function now(): string {
  return new Date().toISOString();
}
