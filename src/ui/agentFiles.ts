/**
 * Which files that an agent names may be touched: nothing on another machine is read or opened, and a click opens only files in
 * the agent's folder. An agent can plant links there, so links are followed step by step, and none that leads to another
 * machine, or for a click out of the folder, is touched. What is different on Windows stands here alone.
 */
import { lstat, readlink } from 'node:fs/promises';
import path from 'node:path';
import { readRegularFile } from '../util/regularFile.ts';

/** Links that are followed on the way to one file; more of them go in circles. */
const MAX_LINKS = 40;

/** The editor itself shows no more. */
const MOST_BYTES = 50 * 1_048_576;

/** How paths are written on a system, and its links; tests play other systems. */
export interface Disk {
  paths: path.PlatformPath;
  /** Where the link at a path leads; undefined where there is no link. Never follows one. */
  linkAt: (file: string) => Promise<string | undefined>;
}

const thisDisk: Disk = { paths: path, linkAt: (file) => readlink(file).catch(() => undefined) };

/** Whether opening the path, or only looking at it, would contact another machine: `//host/share` in any spelling. */
export function isNetworkPath(file: string): boolean {
  return /^(?:[/\\]{2}|\\\?\?\\)/.test(file);
}

/** Names that are devices on Windows in every folder, with any ending. */
const DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *([.:].*)?$/i;

function namesDevice(file: string, { paths }: Disk): boolean {
  return paths.sep === '\\' && file.split(/[/\\]/).some((part) => DEVICE.test(part));
}

/** Whether the path is on another machine, and not in the folder, which may itself be on one; or a device. */
export function isElsewhere(file: string, folder: string, disk = thisDisk): boolean {
  return namesDevice(file, disk) || (isNetworkPath(file) && !isBelow(file, folder, disk));
}

/** The absolute path of a file that an agent names. A path on another machine stays as it is, so that it is known as one. */
export function absolutePath(name: string, folder: string, disk = thisDisk): string {
  return isElsewhere(name, folder, disk) ? name : disk.paths.resolve(folder, name);
}

/** What a file holds; null where there is none, where it cannot be read or is huge, and where it is on another machine. */
export async function readAgentFile(name: string, folder: string): Promise<string | null> {
  const file = await localFile(name, folder);
  return file === undefined ? null : readRegularFile(file, MOST_BYTES).catch(() => null);
}

/** The path of a file behind all links; undefined where it, or a link on the way, is on another machine or a device. */
export function localFile(name: string, folder: string, disk = thisDisk): Promise<string | undefined> {
  return behindLinks(absolutePath(name, folder, disk), folder, (file) => !isElsewhere(file, folder, disk), disk);
}

/**
 * The file that a click on a name may open; undefined where it is outside of the folder, where a link leads out of it, and where
 * it is no regular file.
 * @param name relative to the folder, or absolute.
 */
export async function fileInside(name: string, folder: string): Promise<string | undefined> {
  const wanted = absolutePath(name, folder);
  const inside = (file: string): boolean => isBelow(file, folder, thisDisk) && !isElsewhere(file, folder);
  const file = await behindLinks(wanted, folder, inside, thisDisk);
  const found = file === undefined ? undefined : await lstat(file).catch(() => undefined);
  return found?.isFile() ? wanted : undefined;
}

/**
 * Follows the links on the way to a file, one by one; undefined where the file, or where one of them leads, is not allowed.
 * @param folder Is taken as it is: links on the way to it are not looked at.
 */
async function behindLinks(
  wanted: string,
  folder: string,
  allowed: (file: string) => boolean,
  disk: Disk,
): Promise<string | undefined> {
  const { paths } = disk;
  const from = (file: string): { reached: string; steps: string[] } => {
    const reached = isBelow(file, folder, disk) ? folder : paths.parse(file).root;
    // A link to the folder itself has no steps of its own.
    return { reached, steps: paths.relative(reached, file).split(paths.sep).filter(Boolean) };
  };
  if (!allowed(wanted)) return undefined;
  let { reached, steps } = from(wanted);
  for (let links = 0; steps.length > 0;) {
    const [step = '', ...rest] = steps;
    const place = paths.join(reached, step);
    const target = await disk.linkAt(place);
    if (target === undefined) {
      reached = place;
      steps = rest;
      continue;
    }
    links += 1;
    const file = isNetworkPath(target) ? target : paths.resolve(reached, target);
    if (links > MAX_LINKS || !allowed(file)) return undefined;
    const next = from(file);
    reached = next.reached;
    steps = [...next.steps, ...rest];
  }
  return reached;
}

/** Whether the path is the folder, or lies below it, as it is spelled. */
function isBelow(file: string, folder: string, { paths }: Disk): boolean {
  const way = paths.relative(folder, file);
  return way !== '..' && !way.startsWith(`..${paths.sep}`) && !paths.isAbsolute(way);
}
