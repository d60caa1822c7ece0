/** One at a time: a lock between processes of this machine, left behind by none that has ended. */
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import * as z from 'zod/mini';
import { startTimeOf } from '../../util/processTable.ts';
import { parseJson } from '../records.ts';

const holder = z.object({ pid: z.number(), startTime: z.string() });

/** A lock file whose holder cannot be read is being written just now, or was left half-written this long ago. */
const UNREADABLE_FOR_MS = 5_000;

/** Takes the lock at `file`; resolves with its release, or undefined where a living process holds it. */
export async function takeLock(file: string): Promise<(() => Promise<void>) | undefined> {
  const mine = JSON.stringify({ pid: process.pid, startTime: (await startTimeOf(process.pid)) ?? '' });
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(mine);
    } finally {
      await handle.close();
    }
    return () => rm(file, { force: true });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const left = await readFile(file, 'utf8').catch(() => undefined);
  if (left !== undefined && (await isStale(file, left))) await removeStale(file, left);
  return undefined;
}

/** Two processes may find the same stale lock, and one may have taken it anew by now: that one is put back. */
async function removeStale(file: string, stale: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  try {
    await rename(file, aside);
    if ((await readFile(aside, 'utf8')) !== stale) await link(aside, file);
  } catch {
    // Somebody else was faster, either way.
  }
  await rm(aside, { force: true });
}

async function isStale(file: string, content: string): Promise<boolean> {
  const it = holder.safeParse(parseJson(content));
  if (it.success) return (await startTimeOf(it.data.pid)) !== it.data.startTime;
  const info = await stat(file).catch(() => undefined);
  return info !== undefined && Date.now() - info.mtimeMs > UNREADABLE_FOR_MS;
}
