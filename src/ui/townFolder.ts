/** Which folder of a window is the town's. */

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
