/** Decides which of a window's folders is the town's. */
import path from 'node:path';
import type { TownState } from './townHost.ts';

/**
 * The chosen folder if it is there, or else the first that is a town, or else the first.
 * @param folders The window's folders, in the editor's order.
 */
export async function townFolderOf(
  folders: readonly string[],
  chosen: string | undefined,
  isTown: (folder: string) => Promise<boolean>,
): Promise<string | undefined> {
  if (chosen !== undefined && folders.includes(chosen)) return chosen;
  for (const folder of folders) if (await isTown(folder)) return folder;
  return folders[0];
}

/** The name of the town's folder, if the window has several folders. */
export function folderToName(state: TownState<unknown>, folders: number): string | undefined {
  return folders > 1 && 'folder' in state ? path.basename(state.folder) : undefined;
}
