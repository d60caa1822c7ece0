/** A thread's whole history, page after page from the newest turn back: the first page is small, so that it comes soon. */
import type { HistoryPage } from './storedTurn.ts';

/** Reads some of a thread's stored turns: see `CodexService.history`. */
export type ReadHistory = (threadId: string, page: { cursor: string | null; limit: number }) => Promise<HistoryPage>;

const FIRST = 5;
const FURTHER = 20;

/** Each page's turns are newest first. Nothing is read before it is asked for. */
export async function* historyPages(read: ReadHistory, threadId: string): AsyncGenerator<HistoryPage, void> {
  let cursor: string | null = null;
  for (let limit = FIRST; ; limit = FURTHER) {
    const page: HistoryPage = await read(threadId, { cursor, limit });
    yield page;
    cursor = page.next;
    if (cursor === null) return;
  }
}
