/** How an agent's file change looks in a tree, whether done or only requested. */
import type { FileChange } from '../runtime/turnItem.ts';
import type { Translate } from './l10n.ts';

/** The word beside the file's name, and a codicon. */
export function changeLook({ change, movedTo }: FileChange, t: Translate): { word: string; icon: string } {
  if (movedTo !== undefined) return { word: t('renamed'), icon: 'diff-renamed' };
  const words = { add: t('added'), delete: t('deleted'), update: t('changed') };
  const icons = { add: 'diff-added', delete: 'diff-removed', update: 'diff-modified' };
  return { word: words[change], icon: icons[change] };
}

/** The file's path, and its new path if it moves. */
export function namesOf({ path, movedTo }: FileChange): string[] {
  return movedTo === undefined ? [path] : [path, movedTo];
}
