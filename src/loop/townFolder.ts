/** The town's folder while the town is open. It may be moved or deleted, and we never recreate it. */
import { TinytownError } from '../util/errors.ts';
import { type FolderIdentity, folderIdentity } from '../util/folderIdentity.ts';
import { say } from '../util/sentence.ts';

export class TownFolder {
  private readonly folder: string;
  private readonly opened: FolderIdentity | undefined;

  /** @param opened What was at `folder` when the town was opened. */
  constructor(folder: string, opened: FolderIdentity | undefined) {
    this.folder = folder;
    this.opened = opened;
  }

  /** Why no agent may work in the folder now. Undefined if it is still the one that was opened. */
  async problem(): Promise<TinytownError<'folderGone'> | undefined> {
    const now = await folderIdentity(this.folder);
    if (now !== undefined && now.id === this.opened?.id) return undefined;
    const what = now
      ? say('The town’s folder {0} was replaced by another folder of the same name. Its agents wait.', this.folder)
      : say('The town’s folder {0} was moved or deleted. Its agents wait.', this.folder);
    const hint = 'Put it back, or open it in its new place. Its agents continue there.';
    return new TinytownError('folderGone', what, { hint });
  }
}
