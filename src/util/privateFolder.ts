/** Folders that belong to this user alone, for sockets, locks and state. */
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { describeError, TinytownError } from './errors.ts';
import { say } from './sentence.ts';
import { storageRefuses, storing } from './storing.ts';

/**
 * Makes sure that `folder` belongs to this user and that nobody else can enter it. Creates it if it is missing. Refuses a link,
 * because somebody else may have put it there.
 * @throws TinytownError `folderNotPrivate`, `storageRefuses`
 */
export async function ensurePrivateFolder(folder: string): Promise<void> {
  try {
    await storing(() => mkdir(folder, { recursive: true, mode: 0o700 }));
    const info = await lstat(folder);
    if (!info.isDirectory()) throw new Error('it is a link or a file');
    if (process.platform === 'win32') return;
    if (info.uid !== process.getuid?.()) throw new Error('it belongs to somebody else');
    if ((info.mode & 0o077) !== 0) await chmod(folder, 0o700);
  } catch (cause) {
    if (storageRefuses(cause)) throw cause;
    const message = say('The folder {0} cannot be used: {1}.', folder, describeError(cause));
    throw new TinytownError('folderNotPrivate', message, { cause });
  }
}
