/** A file's times follow the clock of its drive. That may be another machine's clock. Ours may be wrong, and jump. */
import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';

/** When a file was last written, in Unix milliseconds on its drive's clock; undefined if it cannot be read. */
export async function modifiedAt(file: string): Promise<number | undefined> {
  try {
    // Opened first, because a network drive may give outdated facts about a file that is not open.
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

/** The time on the clock of the drive of the private folder `dir`, in Unix milliseconds; undefined if it is not writable. */
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
