/**
 * Decides which of the files that an agent names may be touched. Files on other machines are never read or opened, and a click
 * opens only files in the agent's folder. An agent can plant links there, so links are followed one by one, and a link that
 * leads to another machine (for a click: out of the folder) is not touched. All Windows differences are in this file.
 */
import { lstat, readlink } from 'node:fs/promises';
import path from 'node:path';
import { readRegularFile } from '../util/regularFile.ts';

/** How many links are followed on the way to one file. More than that is taken for a cycle. */
const MAX_LINKS = 40;

/** The editor itself does not show larger files. */
const MOST_BYTES = 50 * 1_048_576;

/** A system's path rules and links. Tests stand in for other systems. */
export interface Disk {
  paths: path.PlatformPath;
  /** Where the link at a path leads, or undefined if there is no link. Never follows one. */
  linkAt: (file: string) => Promise<string | undefined>;
}

const thisDisk: Disk = { paths: path, linkAt: (file) => readlink(file).catch(() => undefined) };

/** Whether opening or even checking the path would contact another machine: `//host/share` in any spelling. */
export function isNetworkPath(file: string): boolean {
  return /^(?:[/\\]{2}|\\\?\?\\)/.test(file);
}

/** Names that are devices on Windows, in every folder and with any extension. */
const DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *([.:].*)?$/i;

function namesDevice(file: string, { paths }: Disk): boolean {
  return paths.sep === '\\' && file.split(/[/\\]/).some((part) => DEVICE.test(part));
}

/** Whether the path is a device, or on another machine and outside the folder. The folder itself may be on another machine. */
export function isElsewhere(file: string, folder: string, disk = thisDisk): boolean {
  return namesDevice(file, disk) || (isNetworkPath(file) && !isBelow(file, folder, disk));
}

/** The absolute path of a file that an agent names. A path on another machine stays as it is, to be recognized as one. */
export function absolutePath(name: string, folder: string, disk = thisDisk): string {
  return isElsewhere(name, folder, disk) ? name : disk.paths.resolve(folder, name);
}

/** A file's content. Null if the file is missing, unreadable, huge, or on another machine. */
export async function readAgentFile(name: string, folder: string): Promise<string | null> {
  const file = await localFile(name, folder);
  return file === undefined ? null : readRegularFile(file, MOST_BYTES).catch(() => null);
}

/** A file's path with all links resolved. Undefined if it, or a link on the way, is on another machine or a device. */
export function localFile(name: string, folder: string, disk = thisDisk): Promise<string | undefined> {
  return behindLinks(absolutePath(name, folder, disk), folder, (file) => !isElsewhere(file, folder, disk), disk);
}

/**
 * The file that a click on a name may open. Undefined if it is outside the folder, if a link leads out of the folder, or if it is
 * not a regular file.
 * @param name Relative to the folder, or absolute.
 */
export async function fileInside(name: string, folder: string): Promise<string | undefined> {
  const wanted = absolutePath(name, folder);
  const inside = (file: string): boolean => isBelow(file, folder, thisDisk) && !isElsewhere(file, folder);
  const file = await behindLinks(wanted, folder, inside, thisDisk);
  const found = file === undefined ? undefined : await lstat(file).catch(() => undefined);
  return found?.isFile() ? wanted : undefined;
}

/**
 * Follows the links on the way to a file, one by one. Undefined if the file or a link's target is not allowed.
 * @param folder Taken as it is. Links on the way to it are not checked.
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

/** Whether the path is the folder or below it, judged by spelling alone. */
function isBelow(file: string, folder: string, { paths }: Disk): boolean {
  const way = paths.relative(folder, file);
  return way !== '..' && !way.startsWith(`..${paths.sep}`) && !paths.isAbsolute(way);
}
