/** Reads a thread's whole history in pages, newest turns first. The first page is small, so that it comes soon. */
import type { HistoryPage } from './storedTurn.ts';

/** Reads a page of a thread's stored turns: see `CodexService.history`. */
export type ReadHistory = (threadId: string, page: { cursor: string | null; limit: number }) => Promise<HistoryPage>;

const FIRST = 5;
const FURTHER = 20;

/** Each page's turns are newest first. A page is read only when it is asked for. */
export async function* historyPages(read: ReadHistory, threadId: string): AsyncGenerator<HistoryPage, void> {
  let cursor: string | null = null;
  for (let limit = FIRST; ; limit = FURTHER) {
    const page: HistoryPage = await read(threadId, { cursor, limit });
    yield page;
    cursor = page.next;
    if (cursor === null) return;
  }
}
