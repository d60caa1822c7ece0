/** A temporary folder for the programs under test, short enough for Unix sockets. It is removed with everything in it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface ShortTempDir {
  /** Makes programs use this folder as the system's temporary one. */
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
