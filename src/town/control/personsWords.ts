/**
 * Whether a message is in the person's own words. Anybody on the Redis can write the supervisor's id into a message, so a window
 * adds a proof, made with the town's key, to what its user writes. Only proven messages reach an agent without framing.
 * Everything else that claims to be from the supervisor stands in a fence.
 */
import { timingSafeEqual } from 'node:crypto';
import type { WaitingMessage } from '../stores/delivery.ts';
import { SUPERVISOR_ID } from '../keys.ts';
import type { Message } from '../records/messages.ts';
import type { TownKey } from './townKey.ts';
import { TinytownError } from '../../util/errors.ts';
import { storageRefuses } from '../../util/storing.ts';

/** The message with a proof of the person's words. If the town key is unusable, the message goes out without one. */
export async function withProof(message: Message, town: string, key: TownKey): Promise<Message> {
  const proof = await proofOf(message, town, key);
  return proof === undefined ? message : { ...message, proof };
}

/** The proof for a message that says `words`; undefined if there can be none. */
export async function proofOf(
  message: Message,
  town: string,
  key: TownKey,
  words = wordsOf(message),
): Promise<string | undefined> {
  const isWords = wordsOf(message) !== undefined;
  const text = isWords ? provable(message, town, words) : undefined;
  return text === undefined ? undefined : (await proofsOf([text], key))[0];
}

/** The messages that are proven to be in the person's own words. Returns elements, not ids, because others may reuse ids. */
export async function provenAmong(
  waiting: readonly WaitingMessage[],
  town: string,
  key: TownKey,
): Promise<ReadonlySet<WaitingMessage>> {
  const claimed = waiting.flatMap((one) => {
    const { proof } = one.message;
    const text = proof === undefined ? undefined : provable(one.message, town, wordsOf(one.message));
    return proof === undefined || text === undefined ? [] : [{ one, proof, text }];
  });
  if (claimed.length === 0) return new Set();
  const right = await proofsOf(
    claimed.map(({ text }) => text),
    key,
  );
  return new Set(claimed.flatMap(({ one, proof }, place) => (isSame(proof, right[place]) ? [one] : [])));
}

/** Everything that the proof covers; undefined for a message that is not in the person's words. */
function provable({ id, from, to, createdAt, type }: Message, town: string, words?: string): string | undefined {
  if (from !== SUPERVISOR_ID || words === undefined) return undefined;
  return JSON.stringify([town, id, to, createdAt, type, words.toWellFormed()]);
}

function wordsOf(message: Message): string | undefined {
  if (message.type === 'task') return message.description;
  return message.type === 'query' ? message.question : undefined;
}

async function proofsOf(texts: readonly string[], key: TownKey): Promise<readonly string[]> {
  try {
    return await key.proofsOf(texts);
  } catch (error) {
    const isUnusable = error instanceof TinytownError && error.reason === 'townKeyUnusable';
    if (isUnusable || storageRefuses(error)) return [];
    throw error;
  }
}

function isSame(claimed: string, right: string | undefined): boolean {
  const [a, b] = [Buffer.from(claimed), Buffer.from(right ?? '')];
  return right !== undefined && a.length === b.length && timingSafeEqual(a, b);
}
