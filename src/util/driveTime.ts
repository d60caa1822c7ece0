/** Times of files are by the clock of the drive that they are on. It may be another machine's; ours may be wrong, and jump. */
import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';

/** When a file was last written, in Unix milliseconds on its drive's clock; undefined if it cannot be read. */
export async function modifiedAt(file: string): Promise<number | undefined> {
  try {
    // Opened, as a network drive may give an old answer about a file that is not.
    const handle = await open(file, 'r');
    try {
      return (await handle.stat()).mtimeMs;
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}

/** Now, in Unix milliseconds on the clock of the drive that holds the private folder `dir`; undefined if nothing can be written there. */
export async function driveTime(dir: string): Promise<number | undefined> {
  const file = path.join(dir, `clock.${randomUUID()}`);
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.write('now');
    } finally {
      await handle.close();
    }
    return await modifiedAt(file);
  } catch {
    return undefined;
  } finally {
    await rm(file, { force: true });
  }
}
