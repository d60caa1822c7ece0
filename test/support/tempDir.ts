/** Folders for one test, below the project's `.cache`, because codex refuses the system's temporary folder as its home. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';

const cache = path.resolve(import.meta.dirname, '../../.cache/tmp');

/** A new, empty, private folder. `remove` deletes it and everything in it. */
export async function tempDir(prefix = 'test'): Promise<{ path: string; remove(): Promise<void> }> {
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(path.join(cache, `${prefix}-`));
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }) };
}
