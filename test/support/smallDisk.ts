/** A small separate disk that a test can fill. */
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { tempDir } from './tempDir.ts';

const run = promisify(execFile);

export interface SmallDisk {
  readonly path: string;
  fill(): Promise<void>;
  empty(): Promise<void>;
  remove(): Promise<void>;
}

/** Undefined if this system does not let us mount a disk. */
export async function smallDisk(): Promise<SmallDisk | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const folder = await tempDir('disk');
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', folder.path]);
  } catch {
    await folder.remove();
    return undefined;
  }
  const filler = path.join(folder.path, 'filler');
  return {
    path: folder.path,
    async fill() {
      // The part that was written before the failure stays.
      await writeFile(filler, Buffer.alloc(2 * 1_048_576)).catch(() => undefined);
    },
    empty: () => rm(filler, { force: true }),
    async remove() {
      await run('umount', ['--lazy', folder.path]);
      await folder.remove();
    },
  };
}
