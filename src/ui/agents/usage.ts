/** Time, tokens and limits in words. They are coarse, so rows do not change all the time. */
import type { AgentView } from '../../loop/state/agentView.ts';
import type { RateLimitWindow, TokenUsage } from '../../runtime/codingAgent.ts';
import type { Translate } from '../l10n.ts';
import type { TownPicture } from '../town/townPicture.ts';

/** From this percentage on, the agent's row mentions the context. */
const CONTEXT_HIGH = 70;
/** From this percentage on, the agents view mentions a limit. */
const LIMIT_HIGH = 90;

const MINUTE = 60_000;
const HOUR_MINUTES = 60;
const DAY_MINUTES = 24 * HOUR_MINUTES;

/** A duration, for example `2 min` or `1 h 5 min`. Undefined below one minute. */
export function elapsed(milliseconds: number, t: Translate): string | undefined {
  const minutes = Math.floor(milliseconds / MINUTE);
  if (minutes < 1) return undefined;
  if (minutes < HOUR_MINUTES) return t('{0} min', minutes);
  const rest = minutes % HOUR_MINUTES;
  const hours = Math.floor(minutes / HOUR_MINUTES);
  return rest === 0 ? t('{0} h', hours) : t('{0} h {1} min', hours, rest);
}

/** How much of the model's context is used, in percent. Undefined if its size is not known. */
export function contextPercent(tokens: TokenUsage | undefined): number | undefined {
  if (!tokens?.contextWindow) return undefined;
  return Math.min(100, Math.round((100 * tokens.contextTokens) / tokens.contextWindow));
}

/** For the agent's row. Undefined until the context is nearly full. */
export function highContext(tokens: TokenUsage | undefined, t: Translate): string | undefined {
  const percent = contextPercent(tokens);
  return percent === undefined || percent < CONTEXT_HIGH ? undefined : t('{0}% of context', percent);
}

/** For example `38% of context (98k of 258k), 1.2M tokens total`. */
export function tokenWords(tokens: TokenUsage, t: Translate): string {
  const all = t('{0} tokens total', short(tokens.totalTokens));
  const percent = contextPercent(tokens);
  if (percent === undefined || tokens.contextWindow === null) return all;
  const context = t('{0}% of context ({1} of {2})', percent, short(tokens.contextTokens), short(tokens.contextWindow));
  return `${context}, ${all}`;
}

/** The newest report of the account's limits, which all agents share. Windows that have ended are left out. */
export function accountLimits(picture: Pick<TownPicture, 'agents' | 'view' | 'now'>): readonly RateLimitWindow[] {
  let newest: Pick<AgentView, 'rateLimits' | 'rateLimitsAt'> = { rateLimits: [], rateLimitsAt: 0 };
  for (const id of picture.agents.keys()) {
    const view = picture.view(id);
    if (view.rateLimitsAt > newest.rateLimitsAt) newest = view;
  }
  return newest.rateLimits.filter(({ resetsAt }) => resetsAt === null || resetsAt * 1_000 > picture.now);
}

/** For example `5 h window 42% used, resets 15:30`. */
export function limitWords(
  { usedPercent, windowMinutes, resetsAt }: RateLimitWindow,
  now: number,
  t: Translate,
): string {
  const used = t('{0} {1}% used', windowName(windowMinutes, t), Math.round(usedPercent));
  return resetsAt === null ? used : t('{0}, resets {1}', used, moment(resetsAt * 1_000, now));
}

/** A sentence about the limits that are nearly reached. Undefined if there are none. */
export function limitWarning(limits: readonly RateLimitWindow[], now: number, t: Translate): string | undefined {
  const high = limits.filter(({ usedPercent }) => usedPercent >= LIMIT_HIGH);
  if (high.length === 0) return undefined;
  return t('Your Codex account is near its limit: {0}.', high.map((one) => limitWords(one, now, t)).join('; '));
}

function windowName(minutes: number | null, t: Translate): string {
  if (minutes === null) return t('usage limit');
  if (minutes === 7 * DAY_MINUTES) return t('weekly window');
  if (minutes % DAY_MINUTES === 0) return t('{0} day window', minutes / DAY_MINUTES);
  if (minutes % HOUR_MINUTES === 0) return t('{0} h window', minutes / HOUR_MINUTES);
  return t('{0} min window', minutes);
}

/** The time of day, with the weekday unless it is today. */
export function moment(at: number, now: number): string {
  const date = new Date(at);
  const today = date.toDateString() === new Date(now).toDateString();
  return date.toLocaleString(undefined, {
    ...(!today && { weekday: 'short' }),
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
}

/** For example `950`, `98k` or `1.2M`. */
function short(count: number): string {
  if (count < 1_000) return String(count);
  if (count < 999_500) return `${Math.round(count / 1_000)}k`;
  return `${(count / 1_000_000).toFixed(1)}M`;
}
