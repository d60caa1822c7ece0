/** Rules about a used-up limit, as pure functions: which models it holds back, and until when. */
import type { RateLimitWindow } from '../../runtime/codingAgent.ts';
import type { LimitHold } from './limitFiles.ts';

/** The account's main limit. A refusal that names no limit is about this one. */
export const DEFAULT_LIMIT = 'codex';
/** The longest wait between two tries, in milliseconds, if the account does not name a later reset. */
export const LONGEST_RETRY_MS = 15 * 60_000;
/** No rate-limit window is longer, in milliseconds. A later reset is a mistake. */
export const LONGEST_MS = 32 * 24 * 60 * 60_000;

/** What a refusal said about the limit. */
export interface RefusedLimit {
  limitId: string | null;
  windows: readonly RateLimitWindow[];
}

/** The latest reset of the used-up windows, in Unix milliseconds. Undefined if none is named. */
function resetOf(windows: readonly RateLimitWindow[]): number | undefined {
  const resets = windows.flatMap(({ usedPercent, resetsAt }) =>
    usedPercent >= 100 && resetsAt !== null ? [resetsAt * 1_000] : [],
  );
  return resets.length === 0 ? undefined : Math.max(...resets);
}

/**
 * The hold after `model` was refused. `before` is the previous hold, with `until` on this window's clock.
 * `codex exec` names no reset, so such a hold is tried soon, then less and less often.
 */
export function refusedAgain(
  before: LimitHold | undefined,
  { limitId, windows }: RefusedLimit,
  {
    model,
    tried,
    now,
    retryMs,
  }: { model: string; /** The agent was the one trying. */ tried: boolean; now: number; retryMs: number },
): LimitHold {
  // Turns that began before the hold was known are refused for the same reason. They do not count.
  const refusals = before === undefined || tried ? (before?.refusals ?? 0) + 1 : before.refusals;
  const stands = before?.known === true && before.until > now ? before.until : undefined;
  const reset = resetOf(windows) ?? stands;
  // Our clock may be ahead of the account's, or the account may be late.
  const soonest = now + Math.min(retryMs * 4 ** refusals, LONGEST_RETRY_MS);
  const until = Math.min(Math.max(reset ?? 0, soonest), now + LONGEST_MS);
  const models = new Set([...(before?.models ?? []), model]);
  return {
    limitId: limitId ?? DEFAULT_LIMIT,
    since: before?.since ?? now,
    refusedAt: now,
    until,
    known: reset !== undefined,
    refusals,
    models: [...models],
  };
}

/** The hold that applies to a model: the longest one it was refused under, or else that of the main limit. */
export function holdOf(holds: readonly LimitHold[], model: string): LimitHold | undefined {
  const own = holds.filter(({ models }) => models.includes(model));
  const last = own.toSorted((a, b) => b.until - a.until)[0];
  return last ?? holds.find(({ limitId }) => limitId === DEFAULT_LIMIT);
}
