/**
 * The Codex threads that each agent has begun on this machine. A record in Redis names the thread that an agent continues, and
 * anybody on that Redis can write records. Without this check, they could name one of the user's own conversations, and have an
 * agent reveal it or have it shown as the agent's. The extension's storage has an empty file for each agent and thread.
 */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { ReadHistory } from '../../runtime/historyPages.ts';
import { shortDigest } from '../../util/digest.ts';
import { TinytownError } from '../../util/errors.ts';
import { writePrivate } from '../../util/privateFiles.ts';
import { ensurePrivateFolder } from '../../util/privateFolder.ts';
import { say } from '../../util/sentence.ts';

export class OwnThreads {
  private readonly folder: string;
  private readonly town: string;

  /** @param storageDir The extension's own folder. */
  constructor(storageDir: string, town: string) {
    this.folder = path.join(storageDir, 'threads');
    this.town = town;
  }

  /** Call before anything is said in a new thread. @throws TinytownError `storageRefuses` */
  async add(agentId: string, threadId: string): Promise<void> {
    await ensurePrivateFolder(this.folder);
    await writePrivate(this.fileOf(agentId, threadId), '');
  }

  /** Whether the agent has begun the thread, in any window of this user on this machine. */
  async has(agentId: string, threadId: string): Promise<boolean> {
    return stat(this.fileOf(agentId, threadId)).then(
      (file) => file.isFile(),
      () => false,
    );
  }

  /** A history reader for one agent's threads. It rejects with `foreignThread` for any other thread. */
  readerOf(agentId: string, read: ReadHistory): ReadHistory {
    return async (threadId, page) => {
      if (!(await this.has(agentId, threadId))) throw foreignThread();
      return await read(threadId, page);
    };
  }

  private fileOf(agentId: string, threadId: string): string {
    return path.join(this.folder, shortDigest(JSON.stringify([this.town, agentId, threadId])));
  }
}

/** The record names a thread that the agent has not begun. */
export function foreignThread(): TinytownError {
  const message = say('The record names a conversation that the agent did not start on this machine.');
  return new TinytownError('foreignThread', message, {
    hint: 'Begin a new conversation. Waiting messages are kept.',
  });
}
