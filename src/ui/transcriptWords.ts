/** What a turn and its items are called in running text: the output channel and the transcript say the same in the same words. */
import type { FileChange, ItemStatus, TurnItem } from '../runtime/turnItem.ts';
import type { TurnOutcome } from '../runtime/codingAgent.ts';
import type { Translate } from './l10n.ts';
import { duration, statusWord } from './turnItems.ts';

/** How a turn ended; `undefined`: it was cut off. */
export function outcomeWord(outcome: TurnOutcome | undefined, t: Translate): string {
  switch (outcome?.status) {
    case 'completed':
      return t('Turn completed');
    case 'failed':
      return t('Turn failed');
    case 'interrupted':
    case undefined:
      return t('Turn interrupted');
  }
}

/** How a command ended, and after how long. */
export function commandEnd(item: TurnItem & { kind: 'command' }, t: Translate): string {
  const end = item.exitCode === null ? statusWord(item.status, t) : t('exit {0}', item.exitCode);
  return item.durationMs === null ? end : `${end} · ${duration(item.durationMs, t)}`;
}

export function changeWord({ change, movedTo }: FileChange, t: Translate): string {
  if (movedTo !== undefined) return t('Renamed');
  const words = { add: t('Added'), delete: t('Deleted'), update: t('Changed') };
  return words[change];
}

/** What is said of a change that was not made; empty for one that was. */
export function notDone(status: ItemStatus, t: Translate): string {
  return status === 'completed' ? '' : statusWord(status, t);
}

export function toolName(item: TurnItem & { kind: 'toolCall' }): string {
  return item.server ? `${item.server}.${item.tool}` : item.tool;
}

/** Local time of day. */
export function clock(now: number): string {
  const date = new Date(now);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
}

/** Local date and time of day. */
export function dateAndClock(now: number): string {
  const date = new Date(now);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())} ${clock(now)}`;
}

function twoDigits(part: number): string {
  return String(part).padStart(2, '0');
}
