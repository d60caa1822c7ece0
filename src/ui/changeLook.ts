/** How a file that an agent changes, or wants to change, looks in a tree. */
import type { FileChange } from '../runtime/turnItem.ts';
import type { Translate } from './l10n.ts';

/** The word beside its name, and a codicon. */
export function changeLook({ change, movedTo }: FileChange, t: Translate): { word: string; icon: string } {
  if (movedTo !== undefined) return { word: t('renamed'), icon: 'diff-renamed' };
  const words = { add: t('added'), delete: t('deleted'), update: t('changed') };
  const icons = { add: 'diff-added', delete: 'diff-removed', update: 'diff-modified' };
  return { word: words[change], icon: icons[change] };
}

/** The file's name, and the one that it gets. */
export function namesOf({ path, movedTo }: FileChange): string[] {
  return movedTo === undefined ? [path] : [path, movedTo];
}
