/** A temporary folder for the programs under test: Unix sockets need short paths, and what is left in it goes with it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface ShortTempDir {
  /** Makes programs take it for the system's own. */
  readonly env: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

export async function shortTempDir(): Promise<ShortTempDir> {
  const dir = await mkdtemp(path.join(tmpdir(), 'tt-'));
  return {
    env: { TMPDIR: dir, TEMP: dir, TMP: dir },
    remove: () => rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
}
