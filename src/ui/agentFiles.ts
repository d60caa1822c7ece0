/**
 * Which files that an agent names may be touched: nothing on another machine is read or opened, and a click opens only files in
 * the agent's folder. An agent can plant links there, so links are followed step by step, and none that leads out is touched.
 */
import { lstat, readlink } from 'node:fs/promises';
import path from 'node:path';
import { readRegularFile } from '../util/regularFile.ts';

/** Links that are followed on the way to one file; more of them go in circles. */
const MAX_LINKS = 40;

/** The editor itself shows no more. */
const MOST_BYTES = 50 * 1_048_576;

/** Whether opening the path, or only looking at it, would contact another machine: `//host/share` in any spelling. */
export function isNetworkPath(file: string): boolean {
  return /^[/\\]{2}/.test(file);
}

/** Whether the path is on another machine, and not in the folder, which may itself be on one. */
export function isElsewhere(file: string, folder: string): boolean {
  return isNetworkPath(file) && !isBelow(file, folder);
}

/** The absolute path of a file that an agent names. A path on another machine stays as it is, so that it is known as one. */
export function absolutePath(name: string, folder: string): string {
  return isElsewhere(name, folder) ? name : path.resolve(folder, name);
}

/** What a file holds; null where there is none, where it cannot be read or is huge, and where it is on another machine. */
export async function readAgentFile(name: string, folder: string): Promise<string | null> {
  const file = absolutePath(name, folder);
  return isElsewhere(file, folder) ? null : readRegularFile(file, MOST_BYTES).catch(() => null);
}

/**
 * The file that a click on a name may open; undefined where it is outside of the folder, where a link leads out of it, and where
 * it is no regular file.
 * @param name relative to the folder, or absolute.
 */
export async function fileInside(name: string, folder: string): Promise<string | undefined> {
  const wanted = absolutePath(name, folder);
  if (!isBelow(wanted, folder)) return undefined;
  let steps = path.relative(folder, wanted).split(path.sep);
  let reached = folder;
  for (let links = 0; steps.length > 0;) {
    const [step = '', ...rest] = steps;
    const place = path.join(reached, step);
    const found = await lstat(place).catch(() => undefined);
    if (!found) return undefined;
    if (found.isSymbolicLink()) {
      links += 1;
      const target = await readlink(place).catch(() => undefined);
      if (target === undefined || links > MAX_LINKS) return undefined;
      const file = absolutePath(
        path.isAbsolute(target) || isNetworkPath(target) ? target : path.join(reached, target),
        folder,
      );
      if (!isBelow(file, folder)) return undefined;
      // A link to the folder itself has no steps of its own.
      steps = [...path.relative(folder, file).split(path.sep).filter(Boolean), ...rest];
      reached = folder;
      continue;
    }
    if (rest.length === 0 && !found.isFile()) return undefined;
    reached = place;
    steps = rest;
  }
  return reached === folder ? undefined : wanted;
}

/** Whether the path is the folder, or lies below it, as it is spelled. */
function isBelow(file: string, folder: string): boolean {
  const way = path.relative(folder, file);
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}
