/** How paths of files are shown. Pure. */
import path from 'node:path';

/** Relative to `folder` where it is in it, otherwise as it is. */
export function shownPath(file: string, folder: string): string {
  const relative = path.relative(folder, path.resolve(folder, file));
  return relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}
