/** Messages between agents, people and `tt`. Each is one JSON text, tagged flat by `type`. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { _default as orElse, catch as orCatch } from 'zod/mini';
import { isId } from '../keys.ts';
import { type Decoded, MAX_TEXT, decodingProblem, fieldName, isTime, parseJson } from './records.ts';
import { wellFormedJson } from '../../util/text.ts';

const priorities = ['low', 'normal', 'high', 'urgent'] as const;
export type Priority = (typeof priorities)[number];

export type AckType =
  { type: 'received' | 'acknowledged' | 'thanks' | 'approved' } | { type: 'rejected'; reason: string };

/** The content of a message. */
export type MessageBody =
  | { type: 'task'; description: string }
  | { type: 'query'; question: string }
  | { type: 'informational'; summary: string }
  | { type: 'confirmation'; ackType: AckType }
  | { type: 'task_assign'; taskId: string }
  | { type: 'task_done'; taskId: string; result: string }
  | { type: 'task_failed'; taskId: string; error: string }
  | { type: 'status_request' }
  | { type: 'status_response'; state: string; currentTask: string | null }
  | { type: 'ping' }
  | { type: 'pong' }
  | { type: 'shutdown' }
  | { type: 'custom'; kind: string; payload: string };

export interface MessageEnvelope {
  id: string;
  from: string;
  to: string;
  priority: Priority;
  /** RFC 3339. */
  createdAt: string;
  correlationId: string | null;
  /** Shows that these are the person's own words: see `personsWords.ts`. */
  proof?: string | undefined;
}

export type Message = MessageEnvelope & MessageBody;

const text = z.string('is not a text').check(z.maxLength(MAX_TEXT, `is longer than ${MAX_TEXT} characters`));
const id = z.pipe(
  z.string('is not an id').check(z.refine(isId, 'is not an id')),
  z.transform((value) => value.toLowerCase()),
);
const nothing = z.object({});

const envelope = z.object({
  id,
  from: id,
  to: id,
  type: z.string('is missing'),
  priority: orElse(z.enum(priorities, 'is not a known priority'), 'normal'),
  created_at: z.string('is missing').check(z.refine(isTime, 'is not a time')),
  correlation_id: orElse(z.nullable(id), null),
  // Our own field. Any other value here proves nothing, but does not spoil the message.
  proof: orCatch(z.optional(z.string()), undefined),
});

const ackType = z.union(
  [
    z.object({ type: z.enum(['received', 'acknowledged', 'thanks', 'approved']) }),
    z.object({ type: z.literal('rejected'), reason: text }),
  ],
  'is not a known confirmation',
);

/** Decodes the payload of each type. Key names are those of the wire. */
const bodies: { [T in MessageBody['type']]: z.ZodMiniType<Extract<MessageBody, { type: T }>> } = {
  task: body(z.object({ description: text }), (it) => ({ type: 'task', description: it.description })),
  query: body(z.object({ question: text }), (it) => ({ type: 'query', question: it.question })),
  informational: body(z.object({ summary: text }), (it) => ({ type: 'informational', summary: it.summary })),
  confirmation: body(z.object({ ack_type: ackType }), (it) => ({ type: 'confirmation', ackType: it.ack_type })),
  task_assign: body(z.object({ task_id: text }), (it) => ({ type: 'task_assign', taskId: it.task_id })),
  task_done: body(z.object({ task_id: text, result: text }), (it) => ({
    type: 'task_done',
    taskId: it.task_id,
    result: it.result,
  })),
  task_failed: body(z.object({ task_id: text, error: text }), (it) => ({
    type: 'task_failed',
    taskId: it.task_id,
    error: it.error,
  })),
  status_request: body(nothing, () => ({ type: 'status_request' })),
  status_response: body(z.object({ state: text, current_task: orElse(z.nullable(text), null) }), (it) => ({
    type: 'status_response',
    state: it.state,
    currentTask: it.current_task,
  })),
  ping: body(nothing, () => ({ type: 'ping' })),
  pong: body(nothing, () => ({ type: 'pong' })),
  shutdown: body(nothing, () => ({ type: 'shutdown' })),
  custom: body(z.object({ kind: text, payload: text }), (it) => ({
    type: 'custom',
    kind: it.kind,
    payload: it.payload,
  })),
};

/** The message that one element of an inbox holds. Never throws. */
export function decodeMessage(raw: string): Decoded<Message> {
  if (raw.length > 2 * MAX_TEXT) return { ok: false, reason: `is longer than ${2 * MAX_TEXT} characters` };
  const json = parseJson(raw);
  if (json === undefined) return { ok: false, reason: 'is not JSON' };
  const head = envelope.safeParse(json);
  if (!head.success) return { ok: false, reason: decodingProblem(head.error) };
  const { type } = head.data;
  if (!isMessageType(type)) return { ok: false, reason: 'has an unknown type' };
  const payload: z.ZodMiniType<MessageBody> = bodies[type];
  const decoded = payload.safeParse(json);
  if (!decoded.success) return { ok: false, reason: decodingProblem(decoded.error) };
  const value: Message = {
    id: head.data.id,
    from: head.data.from,
    to: head.data.to,
    priority: head.data.priority,
    createdAt: head.data.created_at,
    correlationId: head.data.correlation_id,
    ...(head.data.proof !== undefined && { proof: head.data.proof }),
    ...decoded.data,
  };
  return { ok: true, value };
}

/** The one line that stands in Redis. Its keys are in the order that `tt` writes them. */
export function encodeMessage(message: Message): string {
  const { id, from, to, priority, createdAt, correlationId, proof, ...payload } = message;
  return wellFormedJson({
    id,
    from,
    to,
    ...Object.fromEntries(Object.entries(payload).map(([property, value]) => [fieldName(property), value])),
    priority,
    created_at: createdAt,
    correlation_id: correlationId,
    proof,
  });
}

/** A new message with its own id, dated now. */
export function newMessage(
  parts: MessageBody & { from: string; to: string; priority?: Priority; correlationId?: string | null },
): Message {
  const { from, to, priority = 'normal', correlationId = null, ...payload } = parts;
  return { id: randomUUID(), from, to, priority, createdAt: timestamp(), correlationId, ...payload };
}

let lastInstant = 0;

/** The current time, but later than every earlier timestamp, so that messages of one millisecond keep their order. */
function timestamp(): string {
  lastInstant = Math.max(Date.now() * 1_000, lastInstant + 1);
  const milliseconds = Math.floor(lastInstant / 1_000);
  const rest = String(lastInstant % 1_000).padStart(3, '0');
  return new Date(milliseconds).toISOString().replace('Z', `${rest}Z`);
}

/** Orders messages by creation time, at any precision. Messages of the same instant keep their order. */
export function byCreation(a: Message, b: Message): number {
  return Date.parse(a.createdAt) - Date.parse(b.createdAt) || fraction(a.createdAt) - fraction(b.createdAt);
}

/** The fraction of a second in a time, in nanoseconds. */
function fraction(time: string): number {
  const [, digits = ''] = /\.(\d+)/.exec(time) ?? [];
  return Number(digits.slice(0, 9).padEnd(9, '0'));
}

function body<I, T extends MessageBody>(schema: z.ZodMiniType<I>, make: (payload: I) => T): z.ZodMiniType<T> {
  return z.pipe(schema, z.transform(make));
}

function isMessageType(type: string): type is MessageBody['type'] {
  return Object.hasOwn(bodies, type);
}

/** The ids of the tasks that these messages, as they stand in a list, assign. */
export function assignedTaskIds(messages: readonly { raw: string }[]): string[] {
  return messages.flatMap(({ raw }) => {
    const decoded = decodeMessage(raw);
    return decoded.ok && decoded.value.type === 'task_assign' ? [decoded.value.taskId] : [];
  });
}
