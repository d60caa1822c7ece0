/**
 * Agents and tasks as they stand in Redis, decoded once at the edge. All hash fields are strings. Unknown fields are left alone.
 * A known field with a bad value makes the record malformed, and the reader gets the reason.
 */
import * as z from 'zod/mini';
import { _default as orElse } from 'zod/mini';
import { SUPERVISOR_ID, isId } from '../keys.ts';
import { wellFormedEscapes, wellFormedJson } from '../../util/text.ts';

/** A decoded value, or the reason why there is none: one clause, for people. */
export type Decoded<T> = { ok: true; value: T } | { ok: false; reason: string };

export const agentStates = ['cold', 'starting', 'idle', 'working', 'paused', 'draining', 'stopped', 'error'] as const;
export type AgentState = (typeof agentStates)[number];

/** Whether a turn may be running. A draining agent first finishes the turn that it is in. */
export function mayBeInTurn(state: AgentState): boolean {
  return state === 'working' || state === 'draining';
}

export const taskStates = ['pending', 'assigned', 'running', 'completed', 'failed', 'cancelled'] as const;
export type TaskState = (typeof taskStates)[number];

/** Whether a task in this state is over. */
export function isTaskOver(state: TaskState): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

/** Longest text that is accepted in one field, in UTF-16 units. A longer one is somebody's mistake, not a task. */
export const MAX_TEXT = 1_048_576;

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Whether `text` is an RFC 3339 time with any number of fractional digits. */
export function isTime(text: string): boolean {
  return rfc3339.test(text) && !Number.isNaN(Date.parse(text));
}

const text = z.string().check(z.maxLength(MAX_TEXT, `is longer than ${MAX_TEXT} characters`));
/** Text that identifies something. Invalid UTF-8 arrives as U+FFFD and could not be written back, so it is refused. */
const label = text.check(z.refine((value) => !value.includes('\ufffd'), 'is not valid UTF-8'));
const id = z.pipe(
  z.string().check(z.refine(isId, 'is not an id')),
  z.transform((value) => value.toLowerCase()),
);
const time = z.string().check(z.refine(isTime, 'is not a time'));
const count = z.pipe(
  z.string().check(z.refine((value) => /^\d{1,15}$/.test(value), 'is not a number')),
  z.transform(Number),
);
const flag = z.pipe(
  z.enum(['true', 'false'], 'is neither true nor false'),
  z.transform((value) => value === 'true'),
);
const agentState = z.enum(agentStates, 'is not a known state');
const taskState = z.pipe(
  z.enum([...taskStates, 'in_flight'], 'is not a known state'),
  z.transform((value): TaskState => (value === 'in_flight' ? 'running' : value)),
);
const tags = z.pipe(
  z.string().check(z.maxLength(MAX_TEXT, 'is too long')),
  z.transform((value, context): string[] => {
    const parsed = z.array(z.string()).safeParse(parseJson(value));
    if (parsed.success) return parsed.data;
    context.issues.push({ code: 'custom', message: 'is not a JSON list of texts', input: value });
    return [];
  }),
);

const agentHash = z.object({
  id,
  name: label.check(z.refine((value) => value.trim() !== '', 'is empty')),
  nickname: z.optional(label),
  role_id: z.optional(label),
  parent_agent_id: z.optional(id),
  spawn_mode: orElse(z.enum(['fresh', 'forkedcontext', 'resumed'], 'is not a known mode'), 'fresh'),
  agent_type: orElse(z.enum(['supervisor', 'worker'], 'is not a known type'), 'worker'),
  state: orElse(agentState, 'starting'),
  cli: orElse(label, ''),
  current_task: z.optional(id),
  created_at: time,
  last_heartbeat: z.optional(time),
  last_active_at: z.optional(time),
  tasks_completed: orElse(count, 0),
  rounds_completed: orElse(count, 0),
  runtime_session_id: z.optional(label),
  runtime_host: z.optional(label),
  persistent: z.optional(flag),
  model: z.optional(label),
  reasoning_effort: z.optional(label),
  model_chosen: z.optional(flag),
  home_machine: z.optional(label),
  home_host: z.optional(label),
  home_codex: z.optional(label),
  home_folder: z.optional(label),
  home_folder_id: z.optional(label),
  last_error: z.optional(text),
  mode_reason: z.optional(text),
  backlog_offered: z.optional(label),
  thread_told: z.optional(text),
});

const taskHash = z.object({
  id,
  description: orElse(text, ''),
  state: orElse(taskState, 'pending'),
  assigned_to: z.optional(id),
  assigned_by: z.optional(id),
  created_at: time,
  updated_at: z.optional(time),
  started_at: z.optional(time),
  completed_at: z.optional(time),
  result: z.optional(text),
  parent_id: z.optional(id),
  tags: orElse(tags, []),
});

/** An agent. Times are RFC 3339 texts. Below the line are our own fields, which `tt` leaves alone. */
export interface AgentRecord {
  id: string;
  name: string;
  nickname?: string | undefined;
  roleId?: string | undefined;
  parentAgentId?: string | undefined;
  spawnMode: 'fresh' | 'forkedcontext' | 'resumed';
  agentType: 'supervisor' | 'worker';
  state: AgentState;
  /** The name of a CLI, or a command line that someone spawned the agent with. */
  cli: string;
  currentTask?: string | undefined;
  createdAt: string;
  lastHeartbeat: string;
  lastActiveAt: string;
  tasksCompleted: number;
  roundsCompleted: number;
  /** The Codex thread. */
  runtimeSessionId?: string | undefined;
  // ────
  /** `vscode`: run by this extension, in the window that holds the lease. */
  runtimeHost?: string | undefined;
  persistent?: boolean | undefined;
  model?: string | undefined;
  reasoningEffort?: string | undefined;
  /** Model or effort was chosen after the agent was created. Its thread may keep the choice even when it is taken back. */
  modelChosen?: boolean | undefined;
  /** Where it lives: see `home.ts`. */
  homeMachine?: string | undefined;
  homeHost?: string | undefined;
  homeCodex?: string | undefined;
  homeFolder?: string | undefined;
  homeFolderId?: string | undefined;
  lastError?: string | undefined;
  modeReason?: string | undefined;
  /** The digest of the backlog tasks that it was shown last. The same tasks are never offered to it again. */
  backlogOffered?: string | undefined;
  /** What its thread knows about its identity and how to work: see `standing.ts`. */
  threadTold?: string | undefined;
}

/** A task. `assignedBy` is our own field: it gets the news of how the task ended. */
export interface TaskRecord {
  id: string;
  description: string;
  state: TaskState;
  assignedTo?: string | undefined;
  assignedBy?: string | undefined;
  createdAt: string;
  updatedAt: string;
  startedAt?: string | undefined;
  completedAt?: string | undefined;
  result?: string | undefined;
  parentId?: string | undefined;
  tags: string[];
}

/** Orders records by age, oldest first. Records of the same instant have a fixed order. */
export function byAge(a: { id: string; createdAt: string }, b: { id: string; createdAt: string }): number {
  return Date.parse(a.createdAt) - Date.parse(b.createdAt) || (a.id < b.id ? -1 : 1);
}

/** Decodes the hash of an agent's key. */
export function decodeAgent(hash: Record<string, string>): Decoded<AgentRecord> {
  const decoded = agentHash.safeParse(withoutEmpty(hash));
  if (!decoded.success) return bad(decoded.error, hash);
  const it = decoded.data;
  return {
    ok: true,
    value: {
      id: it.id,
      name: it.name,
      nickname: it.nickname,
      roleId: it.role_id,
      parentAgentId: it.parent_agent_id,
      spawnMode: it.spawn_mode,
      agentType: it.agent_type,
      state: it.state,
      cli: it.cli,
      currentTask: it.current_task,
      createdAt: it.created_at,
      lastHeartbeat: it.last_heartbeat ?? it.created_at,
      lastActiveAt: it.last_active_at ?? it.created_at,
      tasksCompleted: it.tasks_completed,
      roundsCompleted: it.rounds_completed,
      runtimeSessionId: it.runtime_session_id,
      runtimeHost: it.runtime_host,
      persistent: it.persistent,
      model: it.model,
      reasoningEffort: it.reasoning_effort,
      modelChosen: it.model_chosen,
      homeMachine: it.home_machine,
      homeHost: it.home_host,
      homeCodex: it.home_codex,
      homeFolder: it.home_folder,
      homeFolderId: it.home_folder_id,
      lastError: it.last_error,
      modeReason: it.mode_reason,
      backlogOffered: it.backlog_offered,
      threadTold: it.thread_told,
    },
  };
}

/**
 * The agent under the key of `id`. Whoever runs an agent acts in its name, so the record must have this id, and must not be the
 * supervisor's, who is a person.
 */
export function agentAt(id: string, hash: Record<string, string>): Decoded<AgentRecord> {
  const agent = decodeAgent(hash);
  if (agent.ok && agent.value.id !== id) return { ok: false, reason: 'has the id of another key' };
  if (agent.ok && id === SUPERVISOR_ID)
    return { ok: false, reason: 'has the id of the supervisor, who is not an agent' };
  return agent;
}

/** Decodes the hash of a task's key. */
export function decodeTask(hash: Record<string, string>): Decoded<TaskRecord> {
  const decoded = taskHash.safeParse(withoutEmpty(hash));
  if (!decoded.success) return bad(decoded.error, hash);
  const it = decoded.data;
  return {
    ok: true,
    value: {
      id: it.id,
      description: it.description,
      state: it.state,
      assignedTo: it.assigned_to,
      assignedBy: it.assigned_by,
      createdAt: it.created_at,
      updatedAt: it.updated_at ?? it.created_at,
      startedAt: it.started_at,
      completedAt: it.completed_at,
      result: it.result,
      parentId: it.parent_id,
      tags: it.tags,
    },
  };
}

/** The hash fields of part of an agent. Undefined ones are left out. */
export function agentFields(agent: Partial<AgentRecord>): Record<string, string> {
  return hashOf(agent);
}

/** The hash fields of part of a task. Undefined ones are left out. */
export function taskFields(task: Partial<TaskRecord>): Record<string, string> {
  return hashOf(task);
}

/** The Redis name of a record's field. */
export function fieldName(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Why a value was refused, without the value itself, which may be long or secret. */
export function decodingProblem(error: z.core.$ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'is not readable';
  const path = issue.path.map(String).join('.');
  return path === '' ? issue.message : `${path} ${issue.message}`;
}

/** `raw` parsed, with well-formed texts. Undefined if it is not JSON. */
export function parseJson(raw: string): unknown {
  try {
    // The bytes are UTF-8, so only an escape can produce half of a surrogate pair.
    return JSON.parse(wellFormedEscapes(raw));
  } catch {
    return undefined;
  }
}

function hashOf(record: object): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [property, value] of Object.entries(record)) {
    if (value === undefined) continue;
    fields[fieldName(property)] = Array.isArray(value) ? wellFormedJson(value) : String(value);
  }
  return fields;
}

/** Some writers store an empty text where `tt` leaves the optional field out. */
function withoutEmpty(hash: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(hash).filter(([field, value]) => value !== '' || field === 'name'));
}

function bad(error: z.core.$ZodError, hash: Record<string, string>): { ok: false; reason: string } {
  const field = error.issues[0]?.path[0];
  const missing = typeof field === 'string' && (hash[field] ?? '') === '';
  return { ok: false, reason: missing ? `${field} is missing` : decodingProblem(error) };
}
