/** A turn as an agent's own history keeps it: where the wire types of stored turns end. */
import type { WireTurn } from '../codex/wire.ts';
import type { TurnOutcome } from './codingAgent.ts';
import { toOutcome } from './events.ts';
import { toTurnItem } from './items.ts';
import type { TurnItem } from './turnItem.ts';

export interface StoredTurn {
  id: string;
  /** Unix milliseconds. */
  startedAt: number | undefined;
  /** Unix milliseconds. */
  endedAt: number | undefined;
  /** Undefined where no end is stored: the turn was cut off, or still runs; a history does not tell the two apart. */
  outcome: TurnOutcome | undefined;
  items: readonly TurnItem[];
}

/** A piece of a history. */
export interface HistoryPage {
  /** Newest first. */
  turns: StoredTurn[];
  /** Where the next older page begins; null where there is none. */
  next: string | null;
}

export function toStoredTurn(turn: WireTurn): StoredTurn {
  const { id, status, startedAt, completedAt, durationMs } = turn;
  const start = milliseconds(startedAt);
  const end = milliseconds(completedAt);
  // Only seconds are stored, but the duration is exact.
  const exactEnd = start !== undefined && typeof durationMs === 'number' ? start + durationMs : end;
  // Of a turn that another process runs, codex says that it was interrupted, with no end.
  const over = status !== 'inProgress' && (status !== 'interrupted' || end !== undefined);
  return {
    id,
    startedAt: start,
    endedAt: over ? exactEnd : undefined,
    outcome: over ? toOutcome(turn) : undefined,
    // Nothing tells whether an item goes on whose turn has no stored end.
    items: turn.items.map((item) => toTurnItem(item, status !== 'inProgress')),
  };
}

function milliseconds(seconds: number | null | undefined): number | undefined {
  return typeof seconds === 'number' ? seconds * 1_000 : undefined;
}
