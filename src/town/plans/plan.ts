/**
 * A change to one agent, assembled in memory and applied by its owner atomically (`scripts/fenced.lua`). A plan names every key
 * that one step of an agent's life touches. Nothing else writes an owned agent's state.
 */
import { ACTIVITY_LINES, ACTIVITY_SECONDS } from '../records/activity.ts';
import { STREAM_LENGTH, type TownEvent, eventPayload } from '../stores/events.ts';
import { SUPERVISOR_ID, type TownKeys } from '../keys.ts';
import type { AgentState } from '../records/records.ts';
import type { ScriptWord as Word } from '../redis/script.ts';

export class Plan {
  readonly guards: Word[][] = [];
  readonly commands: Word[][] = [];
  private readonly keys: TownKeys;
  private readonly agentId: string;

  /** A plan for `agentId`. It applies only while the agent's record exists, except for the supervisor, which has none. */
  constructor(keys: TownKeys, agentId: string) {
    this.keys = keys;
    this.agentId = agentId;
    if (agentId !== SUPERVISOR_ID) this.guards.push(['exists', keys.agent(agentId)]);
  }

  /** Applies only if `member` still stands in the list. */
  whileListed(key: string, member: Buffer): this {
    this.guards.push(['listed', key, member]);
    return this;
  }

  /** Applies only if the hash still has the field. */
  whileField(key: string, field: string): this {
    this.guards.push(['field', key, field]);
    return this;
  }

  /** Applies only if the hash's field has this value. */
  whileValue(key: string, field: string, value: string | Buffer): this {
    this.guards.push(['value', key, field, value]);
    return this;
  }

  /** Applies only to a task that exists and is not over. */
  whileOpen(key: string): this {
    this.guards.push(['exists', key], ['none', key, 'state', 'completed', 'failed', 'cancelled']);
    return this;
  }

  /** Applies only while the agent is in this state, or its record has none. */
  whileState(state: AgentState): this {
    this.guards.push(['value-or-none', this.keys.agent(this.agentId), 'state', state]);
    return this;
  }

  /** Moves the agent from one state (or from none) to another, unless another writer has changed the state meanwhile. */
  stateIf(from: AgentState, to: AgentState): this {
    return this.command('set-if', this.keys.agent(this.agentId), 'state', from, to);
  }

  /** Sets a running task back to `assigned`, because its work has stopped. A task that is over or gone stays as it is. */
  taskNotRunning(taskId: string): this {
    return this.command('set-if-equal', this.keys.task(taskId), 'state', 'running', 'assigned');
  }

  command(...words: Word[]): this {
    this.commands.push(words);
    return this;
  }

  /** A command for what people see. If its key has the wrong type, the rest of the plan still applies. */
  tell(...words: Word[]): this {
    return this.command('tell', ...words);
  }

  /** Sets the fields that have a value and deletes those that are undefined. */
  fields(key: string, values: Record<string, string | number | undefined>): this {
    const set: Word[] = [];
    const gone: Word[] = [];
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) gone.push(name);
      else set.push(name, value);
    }
    if (set.length > 0) this.command('HSET', key, ...set);
    if (gone.length > 0) this.command('HDEL', key, ...gone);
    return this;
  }

  agentFields(values: Record<string, string | number | undefined>): this {
    return this.fields(this.keys.agent(this.agentId), values);
  }

  /** Appends to the town's stream and the agent's (`tt:{town}:events`, `tt:{town}:events:agent:{id}`). */
  event(event: TownEvent): this {
    for (const stream of [this.keys.events, this.keys.agentEvents(this.agentId)]) {
      this.tell('XADD', stream, 'MAXLEN', '~', STREAM_LENGTH, '*', ...eventPayload(event));
    }
    return this;
  }

  /** One line for `tt:{town}:activity:{id}`. */
  activity(line: string): this {
    const key = this.keys.activity(this.agentId);
    return this.tell('LPUSH', key, line)
      .tell('LTRIM', key, 0, ACTIVITY_LINES - 1)
      .tell('EXPIRE', key, ACTIVITY_SECONDS);
  }

  /** The words after the script's keys, as `fenced.lua` reads them. */
  argumentsFor(epoch: string): Word[] {
    return [epoch, ...counted(this.guards), ...counted(this.commands)];
  }

  /** Every key that the plan names, the epoch's first. */
  keyNames(): string[] {
    const named = [...this.guards, ...this.commands].map((words) => String(words[words[0] === 'tell' ? 2 : 1]));
    return [...new Set([this.keys.epoch(this.agentId), ...named])];
  }
}

function counted(lists: readonly Word[][]): Word[] {
  return [lists.length, ...lists.flatMap((words) => [words.length, ...words])];
}
