/**
 * Work on its way to an agent. A batch is one round or one steer. It is kept under `tt:{town}:inflight:{id}` from the moment it
 * leaves the lists until its turn is settled. The hash `tt:{town}:turn:{id}` keeps the leftovers of earlier turns.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { type Decoded, decodingProblem, parseJson } from './records.ts';

const batchMessage = z.object({
  id: z.string(),
  /** The list it came from and goes back to. */
  list: z.enum(['urgent', 'inbox']),
  /** The message as it stood in the list. */
  raw: z.string(),
});

const batch = z.object({
  /** Sent as the client id of the user message. It comes back in the thread's history. */
  id: z.string(),
  kind: z.enum(['round', 'steer', 'offer']),
  /** When it was taken off the lists, in Unix milliseconds. */
  at: z.number(),
  /** The thread that it is meant for. Null while that is unknown, and for one-shot runtimes. */
  threadId: z.nullable(z.string()),
  /** The thread's history holds it: its echo has arrived. */
  delivered: z.boolean(),
  /** When the echo arrived, in Unix milliseconds. */
  deliveredAt: z.optional(z.number()),
  /** The process that it was sent to exited mid-turn, so the thread's history must show what became of it. */
  adrift: z.optional(z.boolean()),
  /** The agent's `thread_told` after delivery, until that field is written. */
  told: z.optional(z.string()),
  messages: z.array(batchMessage),
});

export type BatchMessage = z.infer<typeof batchMessage>;
export type Batch = z.infer<typeof batch>;

/** A batch that was held after an interrupt, as it stands in `tt:{town}:held:{id}`. */
const heldBatch = z.object({
  batch,
  /** Unix milliseconds. */
  heldAt: z.number(),
  reason: z.string(),
});

export type HeldBatch = z.infer<typeof heldBatch>;

/** A message that is no longer delivered, as it stands in `tt:{town}:dead:{id}`. */
const deadMessage = z.object({
  raw: z.string(),
  list: z.enum(['urgent', 'inbox']),
  at: z.number(),
  reason: z.string(),
  attempts: z.number(),
});

export type DeadMessage = z.infer<typeof deadMessage>;

/** A message whose turn is over, or that needed none, as it stands in `tt:{town}:settled:{id}`. */
const settledMessage = z.object({
  raw: z.string(),
  list: z.enum(['urgent', 'inbox']),
  /** Null if it needed no turn. */
  batchId: z.nullable(z.string()),
  /** Unix milliseconds. */
  at: z.number(),
});

export type SettledMessage = z.infer<typeof settledMessage>;

const seenMessages = z.record(
  z.string(),
  z.object({
    /** How many turns with it have failed. A negative count would retry it forever. */
    attempts: z.int().check(z.nonnegative()),
    /** The thread whose history holds it in full; null if none does. */
    threadId: z.nullable(z.string()),
  }),
);

const messageIds = z.array(z.string());

/** What became of earlier attempts to handle each message, by message id. */
export type SeenMessages = z.infer<typeof seenMessages>;

export interface TurnRecord {
  /** No round starts before this time, in Unix milliseconds. 0: at once. */
  notBefore: number;
  seen: SeenMessages;
  /** Ids of messages that waited when the agent was closed. */
  leftWaiting: ReadonlySet<string>;
  /** The agent's open requests to people, as its owner wrote them for other windows. Undefined for none. */
  requests: string | undefined;
}

export const decodeBatch = (raw: string): Decoded<Batch> => decodeJson(batch, raw);
export const decodeHeld = (raw: string): Decoded<HeldBatch> => decodeJson(heldBatch, raw);
export const decodeDead = (raw: string): Decoded<DeadMessage> => decodeJson(deadMessage, raw);
/** Decodes an element of the list of held work. An unreadable one becomes its own round, so that people can dismiss it. */
export function readHeld(raw: string): HeldBatch {
  const decoded = decodeHeld(raw);
  if (decoded.ok) return decoded.value;
  const id = createHash('sha1').update(raw).digest('hex');
  const messages: BatchMessage[] = [{ id, list: 'inbox', raw }];
  const alone: Batch = { id, kind: 'round', at: 0, threadId: null, delivered: false, messages };
  return { batch: alone, heldAt: 0, reason: `It cannot be read: it ${decoded.reason}.` };
}

/** Decodes an element of the list of given-up messages. An unreadable one becomes a message of its own. */
export function readDead(raw: string): DeadMessage {
  const decoded = decodeDead(raw);
  if (decoded.ok) return decoded.value;
  return { raw, list: 'inbox', at: 0, reason: `It cannot be read: it ${decoded.reason}.`, attempts: 0 };
}

export const decodeSettled = (raw: string): Decoded<SettledMessage> => decodeJson(settledMessage, raw);

/** Decodes the turn hash. Unreadable fields count as absent, because they only save repetition. */
export function decodeTurn(hash: Record<string, string>): TurnRecord {
  // Most fields are absent, and every pass of every loop comes through here.
  const seen = hash.seen === undefined ? undefined : decodeJson(seenMessages, hash.seen);
  const left = hash.left_waiting === undefined ? undefined : decodeJson(messageIds, hash.left_waiting);
  const notBefore = Number(hash.not_before ?? 0);
  return {
    notBefore: Number.isFinite(notBefore) ? notBefore : 0,
    seen: seen?.ok ? seen.value : {},
    leftWaiting: new Set(left?.ok ? left.value : []),
    requests: hash.requests,
  };
}

function decodeJson<T>(schema: z.ZodMiniType<T>, raw: string): Decoded<T> {
  const result = schema.safeParse(parseJson(raw));
  return result.success ? { ok: true, value: result.data } : { ok: false, reason: decodingProblem(result.error) };
}
