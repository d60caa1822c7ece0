/** Turns anything that was thrown into a message for people, and a kind that selects the welcome text and buttons. */
import { TinytownError, whatIsWrong } from '../util/errors.ts';
import { inWords } from '../util/sentence.ts';
import type { Translate } from './l10n.ts';

/** What a welcome text or a button can be about. `other` has only its message. */
export type ProblemKind =
  'noCodex' | 'signedOut' | 'noRedis' | 'redisAway' | 'redisUnconfirmed' | 'badConfig' | 'other';

export interface Problem {
  kind: ProblemKind;
  /** The error's own reason, for the log and for other extensions. */
  reason: string;
  /** One or two sentences: what is wrong and what to do. */
  message: string;
}

const kinds: Readonly<Record<string, ProblemKind>> = {
  programUnusable: 'noCodex',
  unauthorized: 'signedOut',
  redisMissing: 'noRedis',
  redisStartFailed: 'redisAway',
  redisUnavailable: 'redisAway',
  redisRefused: 'redisAway',
  redisNotWriting: 'redisAway',
  redisTooOld: 'redisAway',
  redisUrlInvalid: 'redisAway',
  redisFailed: 'redisAway',
  redisUnconfirmed: 'redisUnconfirmed',
  badTownConfig: 'badConfig',
};

export function problemOf(error: unknown, t: Translate): Problem {
  const message = inWords(whatIsWrong(error), t);
  if (!(error instanceof TinytownError)) return { kind: 'other', reason: 'unexpected', message };
  // The reason may come from another window, or from a program that pretends to be one.
  const kind = Object.hasOwn(kinds, error.reason) ? kinds[error.reason] : undefined;
  return { kind: kind ?? 'other', reason: error.reason, message };
}

/** The same error in the editor's language, for callers that show its message as it is. */
export function inEditorsLanguage(error: unknown, t: Translate): unknown {
  if (!(error instanceof TinytownError)) return error;
  const [message = error.message, hint] = error.sentences.map((sentence) => inWords(sentence, t));
  return new TinytownError(error.reason, message, { cause: error, ...(hint === undefined ? {} : { hint }) });
}
