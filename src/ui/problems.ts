/** From anything that was thrown to what a person is told, and which welcome text and buttons fit it. */
import { TinytownError } from '../util/errors.ts';

/** What a welcome text or a button can be about; `other` has only its sentence. */
export type ProblemKind = 'noCodex' | 'signedOut' | 'noRedis' | 'redisAway' | 'badConfig' | 'other';

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
  redisTooOld: 'redisAway',
  redisUrlInvalid: 'redisAway',
  redisFailed: 'redisAway',
  badTownConfig: 'badConfig',
};

export function problemOf(error: unknown): Problem {
  if (error instanceof TinytownError) {
    const message = error.hint ? `${error.message} ${error.hint}` : error.message;
    return { kind: kinds[error.reason] ?? 'other', reason: error.reason, message };
  }
  return { kind: 'other', reason: 'unexpected', message: error instanceof Error ? error.message : String(error) };
}
