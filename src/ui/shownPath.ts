/** File paths as people see them. Pure. */
import path from 'node:path';
import { oneLine } from '../util/text.ts';

/** The path relative to `folder` if it is inside, otherwise the path as it is. */
export function shownPath(file: string, folder: string): string {
  const relative = path.relative(folder, path.resolve(folder, file));
  return relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}

/** The last part of a path from any system, on one line. */
export function fileName(file: string): string {
  const clean = oneLine(file, 300);
  return clean.slice(Math.max(clean.lastIndexOf('/'), clean.lastIndexOf('\\')) + 1) || clean;
}
