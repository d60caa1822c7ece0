/**
 * What each way in which a turn can fail (`codexErrorInfo`) means for the work that it carried. A unit test compares the
 * table with the generated type; the type itself says that unknown strings and objects will come.
 */
import * as z from 'zod/mini';

export type TurnTrouble =
  /** It may work if tried again at once: counts as an attempt, and is given up after too many. */
  | 'retry'
  /** The service has too much to do or cannot be reached: it is tried again after a while and counts as no attempt. */
  | 'busy'
  /** Nobody is signed in: all agents of the account wait for that. */
  | 'signedOut'
  /** The account's limit is used up: all agents that share it wait for its reset. */
  | 'usedUp'
  /** The conversation is too long for the model: it is compacted, then tried again. */
  | 'contextFull'
  /** It would fail the same way again: held until a person decides. */
  | 'needsYou';

/** What is known by its name. */
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

/** What says more in an HTTP status. The value is for one without a status: no answer came at all. */
export const troublesWithStatus = {
  httpConnectionFailed: 'busy',
  responseStreamConnectionFailed: 'busy',
  // The model may have begun to answer: whatever cuts it off may do so each time.
  responseStreamDisconnected: 'retry',
  responseTooManyFailedAttempts: 'retry',
} as const satisfies Record<string, TurnTrouble>;

const details = z.record(z.string(), z.nullish(z.looseObject({ httpStatusCode: z.nullish(z.number()) })));

/** What a failed turn means for its work. Anything unknown is tried again as often as any failure. */
export function troubleOf(codexErrorInfo: unknown): TurnTrouble {
  if (typeof codexErrorInfo === 'string') return named(codexErrorInfo) ?? withStatus(codexErrorInfo, null);
  const decoded = details.safeParse(codexErrorInfo);
  const [entry] = decoded.success ? Object.entries(decoded.data) : [];
  if (!entry) return 'retry';
  const [name, detail] = entry;
  return named(name) ?? withStatus(name, detail?.httpStatusCode ?? null);
}

/** What an HTTP status of the model's service means; undefined where it says nothing in particular. */
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
