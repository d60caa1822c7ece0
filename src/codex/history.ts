/** Searches a thread's history for inputs by their client ids. An input that is not in the history was never delivered. */
import type { CodexConnection } from './connection.ts';
import { readThreadPage } from './threadHistory.ts';
import type { WireTurn } from './wire.ts';

export interface FoundInput {
  turnId: string;
  /** `completed`, `interrupted`, `failed` or `inProgress`. */
  turnStatus: string;
  /** Why the turn failed, if the history says so. */
  error: WireTurn['error'];
}

export interface HistorySearch {
  found: Map<string, FoundInput>;
  /** Whether the whole history was read. False if the search was cut off. */
  complete: boolean;
}

const pageSize = 10;
const maxPages = 20;

/** Searches backward from the newest turn until all ids are found or 200 turns were read. */
export async function searchHistory(
  connection: CodexConnection,
  threadId: string,
  clientIds: readonly string[],
  limitMs: number,
): Promise<HistorySearch> {
  const missing = new Set(clientIds);
  const found = new Map<string, FoundInput>();
  let cursor: string | null = null;
  for (let page = 0; page < maxPages && missing.size > 0; page += 1) {
    const { turns, next } = await readThreadPage(connection, threadId, { cursor, limit: pageSize }, limitMs);
    for (const turn of turns) {
      for (const item of turn.items) {
        const clientId = item.type === 'userMessage' ? item.clientId : undefined;
        if (!clientId || !missing.delete(clientId)) continue;
        found.set(clientId, { turnId: turn.id, turnStatus: turn.status, error: turn.error });
      }
    }
    cursor = next;
    if (cursor === null) return { found, complete: true };
  }
  return { found, complete: missing.size === 0 };
}
