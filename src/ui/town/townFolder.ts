/** Which folder of a window is the town's. */
import path from 'node:path';
import type { TownState } from './townHost.ts';

/**
 * The one that was chosen, while it is there; else the first that is a town; else the first.
 * @param folders of this window, in the editor's order
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

/** The name of the town's folder, where the window has several and it is not plain which one that is. */
export function folderToName(state: TownState<unknown>, folders: number): string | undefined {
  return folders > 1 && 'folder' in state ? path.basename(state.folder) : undefined;
}
