/** Identifies the folder behind a path, however it is spelled and wherever the folder is moved. */
import { realpath, stat } from 'node:fs/promises';

export interface FolderIdentity {
  /** The real path, without links, in the spelling of the disk. */
  path: string;
  /** Stays the same when the folder moves within its disk. */
  id: string;
}

/** The folder at `path`; undefined if there is none. */
export async function folderIdentity(path: string): Promise<FolderIdentity | undefined> {
  try {
    const [real, info] = await Promise.all([realpath(path), stat(path, { bigint: true })]);
    if (!info.isDirectory()) return undefined;
    // Some disks get new device numbers when the machine restarts, and inode numbers are reused.
    const id = info.birthtimeNs > 0n ? `${info.ino}:${info.birthtimeNs}` : `${info.ino}@${info.dev}`;
    return { path: real, id };
  } catch {
    return undefined;
  }
}
