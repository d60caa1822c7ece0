/** A town's events, as entries of streams that `tt` and every window read. */
import * as z from 'zod/mini';
import { execAll } from '../records/decodeReplies.ts';
import type { TownKeys } from '../keys.ts';
import { type Decoded, decodingProblem, fieldName, parseJson } from '../records/records.ts';
import type { TownRedis } from '../redis/connect.ts';
import { wellFormedJson } from '../../util/text.ts';

/** The types allowed on the shared streams. `tt` skips entries of any other type. */
const eventTypes = [
  'agent_spawned',
  'agent_stopped',
  'agent_state_changed',
  'agent_turn_started',
  'agent_turn_completed',
  'agent_awaiting_input',
  'agent_tool_call',
  'agent_assistant_delta',
  'agent_runtime_error',
  'agent_interrupted',
  'agent_resumed',
  'agent_completed',
  'agent_failed',
  'task_assigned',
  'task_completed',
  'task_failed',
  'task_delegated',
  'reviewer_handoff',
  'reviewer_approval',
  'conductor_escalation',
] as const;
export type EventType = (typeof eventTypes)[number];

export interface TownEvent {
  eventType: EventType;
  agentId?: string | undefined;
  taskId?: string | undefined;
  oldState?: string | undefined;
  newState?: string | undefined;
  message: string;
  /** RFC 3339. Defaults to now. */
  timestamp?: string | undefined;
  parentAgentId?: string | undefined;
  childAgentId?: string | undefined;
  scope?: string | undefined;
  spawnMode?: string | undefined;
  /** Our own fields, in `data` beside the known ones. */
  extra?: Readonly<Record<string, unknown>> | undefined;
}

/** Streams are trimmed to about this many entries, as `tt` does. */
export const STREAM_LENGTH = 1000;

/** An event that happens now. */
export function newEvent(
  eventType: EventType,
  message: string,
  facts: Omit<TownEvent, 'eventType' | 'message' | 'timestamp'> = {},
): TownEvent {
  return { ...facts, eventType, message, timestamp: new Date().toISOString() };
}

/** The fields and values of a stream entry, for `XADD`. */
export function eventPayload(event: TownEvent): ['event_type', string, 'data', string] {
  return ['event_type', event.eventType, 'data', eventJson(event)];
}

/** The `data` of a stream entry. Known fields override fields of the same name in `extra`. */
function eventJson({ extra, timestamp = new Date().toISOString(), ...known }: TownEvent): string {
  const facts = Object.entries({ ...known, timestamp }).filter(([, value]) => value !== undefined);
  return wellFormedJson({ ...extra, ...Object.fromEntries(facts.map(([name, value]) => [fieldName(name), value])) });
}

/** The streams that an event goes to: the town's, and those of the agents that it names. */
export function eventStreams(keys: TownKeys, event: TownEvent): string[] {
  const agents = [event.agentId, event.parentAgentId, event.childAgentId].filter((id) => id !== undefined);
  return [keys.events, ...new Set(agents.map((id) => keys.agentEvents(id)))];
}

const data = z.looseObject({
  event_type: z.string(),
  agent_id: z.optional(z.string()),
  task_id: z.optional(z.string()),
  old_state: z.optional(z.string()),
  new_state: z.optional(z.string()),
  message: z.string(),
  timestamp: z.string(),
  parent_agent_id: z.optional(z.string()),
  child_agent_id: z.optional(z.string()),
  scope: z.optional(z.string()),
});

/** An event as read. Its type may be unknown here. `data` holds every field as written. */
export interface ReadEvent {
  /** The entry's id in its stream. */
  entry: string;
  eventType: string;
  agentId: string | undefined;
  taskId: string | undefined;
  message: string;
  timestamp: string;
  data: Readonly<Record<string, unknown>>;
}

export function decodeEvent(entry: string, fields: readonly string[]): Decoded<ReadEvent> {
  const at = fields.findIndex((field, place) => place % 2 === 0 && field === 'data');
  if (at < 0) return { ok: false, reason: 'has no data' };
  const decoded = data.safeParse(parseJson(fields[at + 1] ?? ''));
  if (!decoded.success) return { ok: false, reason: decodingProblem(decoded.error) };
  const it = decoded.data;
  return {
    ok: true,
    value: {
      entry,
      eventType: it.event_type,
      agentId: it.agent_id,
      taskId: it.task_id,
      message: it.message,
      timestamp: it.timestamp,
      data: it,
    },
  };
}

export class EventLog {
  private readonly redis: TownRedis;
  private readonly keys: TownKeys;

  constructor(redis: TownRedis, keys: TownKeys) {
    this.redis = redis;
    this.keys = keys;
  }

  /** Appends to every stream that the event belongs to. If the reply is lost, the event may be there twice. */
  async append(event: TownEvent): Promise<void> {
    const payload = eventPayload(event);
    await this.redis.write(async (client) => {
      const transaction = client.multi();
      for (const stream of eventStreams(this.keys, event)) {
        transaction.xadd(stream, 'MAXLEN', '~', STREAM_LENGTH, '*', ...payload);
      }
      await execAll(transaction);
    });
  }

  /** Events of the town or of one agent after the entry `after` (`0`: from the start), oldest first. Bad ones are skipped. */
  async readSince(
    after: string,
    { agentId, limit = 100 }: { agentId?: string; limit?: number } = {},
  ): Promise<ReadEvent[]> {
    const stream = agentId === undefined ? this.keys.events : this.keys.agentEvents(agentId);
    const entries = await this.redis.read((client) => client.xrange(stream, `(${after}`, '+', 'COUNT', limit));
    return readable(entries);
  }

  /** The last `limit` events of the town or of one agent, oldest first. */
  async readLast(limit: number, agentId?: string): Promise<ReadEvent[]> {
    const stream = agentId === undefined ? this.keys.events : this.keys.agentEvents(agentId);
    return readable(await this.redis.read((client) => client.xrevrange(stream, '+', '-', 'COUNT', limit))).toReversed();
  }
}

function readable(entries: readonly [string, string[]][]): ReadEvent[] {
  return entries.flatMap(([entry, fields]) => {
    const decoded = decodeEvent(entry, fields);
    return decoded.ok ? [decoded.value] : [];
  });
}
