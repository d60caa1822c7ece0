/** Words for turns and their items, shared by the output channel and the transcript. */
import type { FileChange, ItemStatus, TurnItem } from '../runtime/turnItem.ts';
import type { TurnOutcome } from '../runtime/codingAgent.ts';
import type { Translate } from './l10n.ts';

/** An item's status in a word or two. */
export function statusWord(status: ItemStatus, t: Translate): string {
  switch (status) {
    case 'running':
      return t('running');
    case 'completed':
      return t('done');
    case 'failed':
      return t('failed');
    case 'declined':
      return t('declined');
    case 'stopped':
      return t('stopped when its turn ended');
  }
}

/** A duration, for example `0.4 s`, `12 s` or `3 min 5 s`. */
export function duration(milliseconds: number, t: Translate): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 10) return t('{0} s', seconds.toFixed(1));
  const whole = Math.round(seconds);
  if (whole < 60) return t('{0} s', whole);
  return t('{0} min {1} s', Math.floor(whole / 60), whole % 60);
}

/** How a turn ended. Undefined means that it was cut off. */
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

/** Why a change was not made. Empty if it was made. */
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
