/**
 * What each kind of turn failure (`codexErrorInfo`) means for the turn's work. A unit test compares the table with the generated
 * type. That type warns of unknown strings and objects to come.
 */
import * as z from 'zod/mini';

export type TurnTrouble =
  /** A retry may work at once. Counts as an attempt; given up after too many. */
  | 'retry'
  /** The service is overloaded or cannot be reached. Retried later, without counting as an attempt. */
  | 'busy'
  /** Nobody is signed in. All agents of the account wait for a sign-in. */
  | 'signedOut'
  /** The account's limit is used up. All agents that share it wait for its reset. */
  | 'usedUp'
  /** The conversation is too long for the model. It is compacted, then the turn is retried. */
  | 'contextFull'
  /** A retry would fail the same way. The work is held until a person decides. */
  | 'needsYou';

/** Failures that the name alone explains. */
export const namedTroubles = {
  usageLimitExceeded: 'usedUp',
  unauthorized: 'signedOut',
  contextWindowExceeded: 'contextFull',
  rateLimitExceeded: 'busy',
  flexUnavailable: 'busy',
  serverOverloaded: 'busy',
  policyCapacityUnavailable: 'busy',
  sessionBudgetExceeded: 'needsYou',
  modelNotFound: 'needsYou',
  badRequest: 'needsYou',
  inferenceHookDenied: 'needsYou',
  bioPolicy: 'needsYou',
  cyberPolicy: 'needsYou',
  misalignmentPolicyViolation: 'needsYou',
  tooManyDenials: 'needsYou',
  internalServerError: 'retry',
  threadRollbackFailed: 'retry',
  sandboxError: 'retry',
  activeTurnNotSteerable: 'retry',
  other: 'retry',
} as const satisfies Record<string, TurnTrouble>;

/** Failures that an HTTP status may explain. The value applies if there is no status, because no reply came. */
export const troublesWithStatus = {
  httpConnectionFailed: 'busy',
  responseStreamConnectionFailed: 'busy',
  // The model may have begun to answer, and whatever cuts it off may do so each time.
  responseStreamDisconnected: 'retry',
  responseTooManyFailedAttempts: 'retry',
} as const satisfies Record<string, TurnTrouble>;

const details = z.record(z.string(), z.nullish(z.looseObject({ httpStatusCode: z.nullish(z.number()) })));

/** What a failed turn means for its work. An unknown failure counts as an ordinary attempt. */
export function troubleOf(codexErrorInfo: unknown): TurnTrouble {
  if (typeof codexErrorInfo === 'string') return named(codexErrorInfo) ?? withStatus(codexErrorInfo, null);
  const decoded = details.safeParse(codexErrorInfo);
  const [entry] = decoded.success ? Object.entries(decoded.data) : [];
  if (!entry) return 'retry';
  const [name, detail] = entry;
  return named(name) ?? withStatus(name, detail?.httpStatusCode ?? null);
}

/** What an HTTP status of the model's service means; undefined if nothing in particular. */
export function troubleOfStatus(status: number | null): TurnTrouble | undefined {
  if (status === 401) return 'signedOut';
  const busy = status === 429 || status === 502 || status === 503 || status === 504 || status === 529;
  return busy ? 'busy' : undefined;
}

function named(name: string): TurnTrouble | undefined {
  return entryOf(namedTroubles, name);
}

function withStatus(name: string, status: number | null): TurnTrouble {
  const bare = status === null ? entryOf(troublesWithStatus, name) : undefined;
  return bare ?? troubleOfStatus(status) ?? 'retry';
}

function entryOf(table: Readonly<Record<string, TurnTrouble>>, name: string): TurnTrouble | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
