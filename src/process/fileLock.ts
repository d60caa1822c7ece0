/** A lock file between processes. It does not outlive its holder, whichever machine that ran on. */
import { type FileHandle, link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { driveTime } from '../util/driveTime.ts';
import { hasEnded, isHere, nameOfProcess } from './processTable.ts';
import { storing } from '../util/storing.ts';

const holder = z.object({ pid: z.number(), startTime: z.string(), place: z.optional(z.string()) });

/** How often the holder touches the file, in milliseconds. */
const SIGN_OF_LIFE_MS = 4_000;
/** A holder whose process cannot be checked counts as ended after this long without a sign of life, in milliseconds. */
const SILENT_MS = 15_000;
/** A lock file with an unreadable holder is being written, or was left half-written if it is older than this, in milliseconds. */
const UNREADABLE_FOR_MS = 5_000;

/**
 * Takes the lock at `file`, which must lie in a private folder. Resolves with its release. Undefined if another process may hold
 * it.
 * @throws TinytownError `storageRefuses`
 */
export async function takeLock(file: string): Promise<(() => Promise<void>) | undefined> {
  const mine = JSON.stringify((await nameOfProcess(process.pid)) ?? { pid: process.pid, startTime: '' });
  try {
    const handle = await storing(() => open(file, 'wx', 0o600));
    try {
      await storing(() => handle.write(mine, 0));
    } catch (error) {
      await rm(file, { force: true });
      await handle.close();
      throw error;
    }
    return held(file, handle, mine);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const left = await readFile(file, 'utf8').catch(() => undefined);
  if (left !== undefined && (await isStale(file, left))) await removeStale(file, left);
  return undefined;
}

function held(file: string, handle: FileHandle, mine: string): () => Promise<void> {
  // Writing sets the file's time by the drive's clock. Clocks of machines that share the drive differ, and jump.
  const timer = setInterval(() => void handle.write(mine, 0).catch(() => undefined), SIGN_OF_LIFE_MS).unref();
  return async () => {
    clearInterval(timer);
    await handle.close();
    await rm(file, { force: true });
  };
}

/** Two processes may find the same stale lock. If the other one has already taken it again, its lock is put back. */
async function removeStale(file: string, stale: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  try {
    await rename(file, aside);
    if ((await readFile(aside, 'utf8')) !== stale) await link(aside, file);
  } catch {
    // The other process was faster, either way.
  }
  await rm(aside, { force: true });
}

async function isStale(file: string, content: string): Promise<boolean> {
  const read = holder.safeParse(parsed(content));
  if (read.success && (await isHere(read.data.place))) return await hasEnded(read.data);
  const info = await stat(file).catch(() => undefined);
  const now = await driveTime(path.dirname(file));
  return info !== undefined && now !== undefined && now - info.mtimeMs > (read.success ? SILENT_MS : UNREADABLE_FOR_MS);
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
