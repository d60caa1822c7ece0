/**
 * A thread's stored turns, a page at a time. Reading needs no `thread/resume`: codex reads the file of a thread that it has not
 * loaded, also while another process writes it, and becomes no second writer by it (seen on 0.169.0).
 */
import type { CodexConnection } from './connection.ts';
import { CodexError } from './errors.ts';
import { threadTurnsList } from './methods.ts';
import type { WireTurn } from './wire.ts';

export interface ThreadPage {
  /** Newest first, with all their items. */
  turns: WireTurn[];
  /** Where the next older page begins; null where there is none. */
  next: string | null;
}

/** Each turn may hold megabytes: a page of very many would come in one line. */
const MAX_PAGE = 50;

/**
 * Reads the turns before `cursor`, by default the newest. A thread in which nothing was said yet has none.
 * @param limitMs How long the answer may take.
 * @throws CodexError `threadLost` where there is no such thread
 */
export async function readThreadPage(
  connection: CodexConnection,
  threadId: string,
  { cursor, limit }: { cursor: string | null; limit: number },
  limitMs: number,
): Promise<ThreadPage> {
  const size = Math.min(Math.max(1, Math.floor(limit)), MAX_PAGE);
  // A summary leaves out the messages that a turn was steered with.
  const params = { threadId, cursor, limit: size, sortDirection: 'desc', itemsView: 'full' } as const;
  try {
    const { data, nextCursor } = await connection.request(threadTurnsList, params, limitMs);
    return { turns: data, next: nextCursor ?? null };
  } catch (error) {
    if (error instanceof CodexError && error.reason === 'threadEmpty') return { turns: [], next: null };
    throw error;
  }
}
