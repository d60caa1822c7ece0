/** A cache of big files for all checkouts on this machine. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const cacheDir = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'tinytown-vscode');

/**
 * The folder `name` of the cache. If it is missing, `build` fills a temporary folder that is renamed when complete, so an
 * interrupted build is never used. One process builds at a time, and the others wait.
 */
export async function cached(name: string, build: (dir: string) => Promise<void>): Promise<string> {
  const target = path.join(cacheDir, name);
  if (existsSync(target)) return target;
  await mkdir(cacheDir, { recursive: true });
  await withLock(`${target}.lock`, async () => {
    if (existsSync(target)) return;
    const building = `${target}.building`;
    await rm(building, { recursive: true, force: true });
    await mkdir(building);
    await build(building);
    await rename(building, target);
  });
  return target;
}

async function withLock(file: string, work: () => Promise<void>): Promise<void> {
  while (!(await tryLock(file))) await pause(500);
  try {
    await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** Takes the lock unless another process holds it. A lock whose process is gone does not count. */
async function tryLock(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const holder = Number(await readFile(file, 'utf8').catch(() => ''));
    if (holder > 0 && !isAlive(holder)) await rm(file, { force: true });
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
