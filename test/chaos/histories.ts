/** The stored content of the agents' threads at the end, as the real app-server reports it. */
import * as z from 'zod/mini';
import { launchAppServer } from '../../src/codex/appServer.ts';
import type { ClientMethod } from '../../src/codex/methods.ts';
import { threadResume } from '../../src/codex/methods.ts';
import type { ThreadTurnsListParams } from '../../src/codex/protocol/v2/ThreadTurnsListParams';
import { declineAll } from '../../src/codex/serverRequests.ts';
import { silentLogger } from '../../src/util/logger.ts';
import { ProcessRegistry } from '../../src/process/processRegistry.ts';
import { tempDir } from '../support/tempDir.ts';
import { type CodexHome, codexPath } from '../support/codexHome.ts';

const LIMIT_MS = 30_000;

const item = z.looseObject({
  type: z.string(),
  content: z.optional(z.array(z.looseObject({ text: z.optional(z.string()) }))),
});
const page = z.object({
  data: z.array(z.object({ items: z.array(item) })),
  nextCursor: z.optional(z.nullable(z.string())),
});
/** Like the method in `src/codex`, but with the texts, which only this test needs. */
const turnsList: ClientMethod<ThreadTurnsListParams, z.infer<typeof page>> = {
  name: 'thread/turns/list',
  result: page,
};

/** The user messages of each thread, oldest first. A null thread has none. */
export async function userMessagesOf(home: CodexHome, threadIds: readonly (string | null)[]): Promise<string[][]> {
  const dir = await tempDir('history');
  const { connection } = await launchAppServer({
    codexPath,
    cwd: dir.path,
    env: home.env,
    registry: new ProcessRegistry(dir.path),
    generation: 1,
    logger: silentLogger,
    clientVersion: '0.0.0-chaos',
    startLimitMs: LIMIT_MS,
    signal: new AbortController().signal,
    handlers: declineAll,
    onNotification: () => undefined,
  });
  try {
    const histories: string[][] = [];
    for (const threadId of threadIds) {
      const texts: string[] = [];
      histories.push(texts);
      if (threadId === null) continue;
      await connection.request(threadResume, { threadId, excludeTurns: true, cwd: dir.path }, LIMIT_MS);
      let cursor: string | null = null;
      do {
        const params: ThreadTurnsListParams = { threadId, cursor, limit: 50, sortDirection: 'asc', itemsView: 'full' };
        const answer: z.infer<typeof page> = await connection.request(turnsList, params, LIMIT_MS);
        for (const { items } of answer.data) {
          for (const { type, content } of items) {
            if (type === 'userMessage') texts.push((content ?? []).map(({ text }) => text ?? '').join('\n'));
          }
        }
        cursor = answer.nextCursor ?? null;
      } while (cursor !== null);
    }
    return histories;
  } finally {
    await connection.close();
    await dir.remove();
  }
}
