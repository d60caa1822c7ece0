/** Which folder a path means, however it is spelled and wherever the folder is moved to. */
import { realpath, stat } from 'node:fs/promises';

export interface FolderIdentity {
  /** Without links, and in the spelling of the disk. */
  path: string;
  /** Stays the same when the folder is moved within its disk. */
  id: string;
}

/** The folder at `path`; undefined where there is none. */
export async function folderIdentity(path: string): Promise<FolderIdentity | undefined> {
  try {
    const [real, info] = await Promise.all([realpath(path), stat(path, { bigint: true })]);
    if (!info.isDirectory()) return undefined;
    // Device numbers of some disks change when the machine restarts, and numbers of files are used again.
    const id = info.birthtimeNs > 0n ? `${info.ino}:${info.birthtimeNs}` : `${info.ino}@${info.dev}`;
    return { path: real, id };
  } catch {
    return undefined;
  }
}
