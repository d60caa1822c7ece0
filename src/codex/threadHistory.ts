/**
 * A thread's stored turns, one page at a time. Reading needs no `thread/resume`: Codex reads the file of an unloaded thread, even
 * while another process writes it, and does not become a second writer (seen on 0.169.0).
 */
import type { CodexConnection } from './connection.ts';
import { CodexError } from './errors.ts';
import { threadTurnsList } from './methods.ts';
import type { WireTurn } from './wire.ts';

export interface ThreadPage {
  /** Newest first, with all their items. */
  turns: WireTurn[];
  /** The cursor of the next older page; null if there is none. */
  next: string | null;
}

/** Each turn may hold megabytes, and a page comes as one line. */
const MAX_PAGE = 50;

/**
 * Reads the turns before `cursor`, by default the newest. A thread without turns gives an empty page.
 * @param limitMs How long the reply may take.
 * @throws CodexError `threadLost` if there is no such thread
 */
export async function readThreadPage(
  connection: CodexConnection,
  threadId: string,
  { cursor, limit }: { cursor: string | null; limit: number },
  limitMs: number,
): Promise<ThreadPage> {
  const size = Math.min(Math.max(1, Math.floor(limit)), MAX_PAGE);
  // A summary omits the messages that steered a turn.
  const params = { threadId, cursor, limit: size, sortDirection: 'desc', itemsView: 'full' } as const;
  try {
    const { data, nextCursor } = await connection.request(threadTurnsList, params, limitMs);
    return { turns: data, next: nextCursor ?? null };
  } catch (error) {
    if (error instanceof CodexError && error.reason === 'threadEmpty') return { turns: [], next: null };
    throw error;
  }
}
