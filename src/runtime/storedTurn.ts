/** A turn as an agent's own history stores it. Wire types of stored turns end here. */
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
  /** Undefined if no end is stored: the turn was cut off, or still runs. A history does not distinguish the two. */
  outcome: TurnOutcome | undefined;
  items: readonly TurnItem[];
}

/** A page of a history. */
export interface HistoryPage {
  /** Newest first. */
  turns: StoredTurn[];
  /** Where the next older page begins. Null if there is none. */
  next: string | null;
}

export function toStoredTurn(turn: WireTurn): StoredTurn {
  const { id, status, startedAt, completedAt, durationMs } = turn;
  const start = milliseconds(startedAt);
  const end = milliseconds(completedAt);
  // Only seconds are stored, but the duration is exact.
  const exactEnd = start !== undefined && typeof durationMs === 'number' ? start + durationMs : end;
  // Codex reports a turn that another process runs as interrupted, without an end.
  const over = status !== 'inProgress' && (status !== 'interrupted' || end !== undefined);
  return {
    id,
    startedAt: start,
    endedAt: over ? exactEnd : undefined,
    outcome: over ? toOutcome(turn) : undefined,
    // If a turn has no stored end, nobody can know whether its items still run.
    items: turn.items.map((item) => toTurnItem(item, status !== 'inProgress')),
  };
}

function milliseconds(seconds: number | null | undefined): number | undefined {
  return typeof seconds === 'number' ? seconds * 1_000 : undefined;
}
