/**
 * Only one app-server starts at a time among the windows of an editor, because several at once fight over Codex's databases.
 * The lock only orders starts and protects nothing else. So a start that waited long enough goes ahead without it.
 */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { takeLock } from '../process/fileLock.ts';
import type { Logger } from '../util/logger.ts';
import { ensurePrivateFolder } from '../util/privateFolder.ts';

export interface StartLockOptions {
  /** A private folder that all windows share. Created if missing. */
  folder: string;
  /** Milliseconds after which a start goes ahead without the lock. */
  patienceMs?: number;
  signal?: AbortSignal;
  logger: Logger;
}

/**
 * Runs `job` while no other start runs. Rejects as `job` does, or with the signal's reason.
 * @throws TinytownError `folderNotPrivate`
 */
export async function withStartLock<T>(
  job: () => Promise<T>,
  { folder, patienceMs = 30_000, signal, logger }: StartLockOptions,
): Promise<T> {
  await ensurePrivateFolder(folder);
  const file = path.join(folder, 'codex-start.lock');
  const end = performance.now() + patienceMs;
  let release = await takeLock(file);
  while (!release) {
    signal?.throwIfAborted();
    if (performance.now() > end) {
      logger.warn('Another app-server has been starting for a long time. Not waiting for it any longer.');
      break;
    }
    await pause(20 + Math.random() * 60);
    release = await takeLock(file);
  }
  try {
    signal?.throwIfAborted();
    return await job();
  } finally {
    await release?.();
  }
}
