/**
 * What is on its way to an agent: a batch is one round or one steer, kept under `tt:{town}:inflight:{id}` from the moment it
 * leaves the lists until its turn is settled; what a turn left behind is kept in the hash `tt:{town}:turn:{id}`.
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
  /** Sent as the client id of the user message; comes back in the thread's history. */
  id: z.string(),
  kind: z.enum(['round', 'steer', 'offer']),
  /** Unix milliseconds of the taking. */
  at: z.number(),
  /** The thread that it is meant for; null while that is not known, and for one-shot runtimes. */
  threadId: z.nullable(z.string()),
  /** The thread's history holds it: it came back as an echo. */
  delivered: z.boolean(),
  /** Unix milliseconds of the echo. */
  deliveredAt: z.optional(z.number()),
  /** The process that it was sent to went away in mid-turn: what became of it is looked up. */
  adrift: z.optional(z.boolean()),
  /** The agent's `thread_told` once this was delivered, until that is written. */
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

/** A message that is not delivered any more, as it stands in `tt:{town}:dead:{id}`. */
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
  /** Null where it needed no turn. */
  batchId: z.nullable(z.string()),
  /** Unix milliseconds. */
  at: z.number(),
});

export type SettledMessage = z.infer<typeof settledMessage>;

const seenMessages = z.record(
  z.string(),
  z.object({
    /** How many turns with it have failed. Less than none would have it tried without end. */
    attempts: z.int().check(z.nonnegative()),
    /** The thread whose history holds it in full; null if none does. */
    threadId: z.nullable(z.string()),
  }),
);

const messageIds = z.array(z.string());

/** By message id: what became of earlier attempts to handle it. */
export type SeenMessages = z.infer<typeof seenMessages>;

export interface TurnRecord {
  /** Unix milliseconds; no round starts before it. 0 = at once. */
  notBefore: number;
  seen: SeenMessages;
  /** Ids of messages that waited when the agent was closed. */
  leftWaiting: ReadonlySet<string>;
  /** What the agent asks people, as its owner wrote it for other windows; undefined for nothing. */
  requests: string | undefined;
}

export const decodeBatch = (raw: string): Decoded<Batch> => decodeJson(batch, raw);
export const decodeHeld = (raw: string): Decoded<HeldBatch> => decodeJson(heldBatch, raw);
export const decodeDead = (raw: string): Decoded<DeadMessage> => decodeJson(deadMessage, raw);
/** An element of the list of held work. What cannot be read is a round of its own, so that people see it and can dismiss it. */
export function readHeld(raw: string): HeldBatch {
  const decoded = decodeHeld(raw);
  if (decoded.ok) return decoded.value;
  const id = createHash('sha1').update(raw).digest('hex');
  const messages: BatchMessage[] = [{ id, list: 'inbox', raw }];
  const alone: Batch = { id, kind: 'round', at: 0, threadId: null, delivered: false, messages };
  return { batch: alone, heldAt: 0, reason: `It cannot be read: it ${decoded.reason}.` };
}

/** An element of the list of messages that were given up. What cannot be read is a message of its own. */
export function readDead(raw: string): DeadMessage {
  const decoded = decodeDead(raw);
  if (decoded.ok) return decoded.value;
  return { raw, list: 'inbox', at: 0, reason: `It cannot be read: it ${decoded.reason}.`, attempts: 0 };
}

export const decodeSettled = (raw: string): Decoded<SettledMessage> => decodeJson(settledMessage, raw);

/** Fields of the turn hash; what cannot be read counts as absent, as it only saves repetition. */
export function decodeTurn(hash: Record<string, string>): TurnRecord {
  // Mostly there is nothing, and every look of every loop comes by here.
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
