/**
 * One app-server starts at a time on this machine: several at once fight over Codex's databases. A lock file in a private
 * folder of the user, so that all windows and editors see it. It orders starts and guards nothing else, so whoever has
 * waited long enough goes ahead.
 */
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod/mini';
import type { Logger } from '../util/logger.ts';
import { startTimeOf } from '../util/processTable.ts';

const holder = z.object({ pid: z.number(), startTime: z.string(), token: z.string() });

export interface StartLockOptions {
  /** By default in the system's temporary folder, one a user. */
  folder?: string;
  /** Milliseconds after which a start goes ahead without the lock. */
  patienceMs?: number;
  signal?: AbortSignal;
  logger: Logger;
}

/** Runs `job` while no other start on this machine runs. Rejects as `job` does, or with the signal's reason. */
export async function withStartLock<T>(
  job: () => Promise<T>,
  { folder = defaultFolder(), patienceMs = 30_000, signal, logger }: StartLockOptions,
): Promise<T> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, 'codex-start.lock');
  const token = randomUUID();
  const end = Date.now() + patienceMs;
  while (!(await take(file, token))) {
    signal?.throwIfAborted();
    if (Date.now() > end) {
      logger.warn('Another app-server has been starting for very long; not waiting for it any more.');
      break;
    }
    await pause(20 + Math.random() * 60);
  }
  try {
    signal?.throwIfAborted();
    return await job();
  } finally {
    if ((await readHolder(file))?.token === token) await rm(file, { force: true });
  }
}

function defaultFolder(): string {
  return path.join(os.tmpdir(), `tinytown-${process.getuid?.() ?? os.userInfo().username}`);
}

async function take(file: string, token: string): Promise<boolean> {
  const own = `${file}.${token}`;
  const startTime = (await startTimeOf(process.pid)) ?? '';
  await writeFile(own, JSON.stringify({ pid: process.pid, startTime, token }), { mode: 0o600 });
  try {
    // A link appears whole or not at all, and only once.
    await link(own, file);
    return true;
  } catch {
    await dropIfAbandoned(file);
    return false;
  } finally {
    await rm(own, { force: true });
  }
}

/** Two who find the same abandoned lock may both get past it; then two start at once, which a start survives. */
async function dropIfAbandoned(file: string): Promise<void> {
  const owner = await readHolder(file);
  if (owner && (await startTimeOf(owner.pid)) === owner.startTime) return;
  await rm(file, { force: true });
}

async function readHolder(file: string): Promise<z.infer<typeof holder> | undefined> {
  try {
    return holder.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}
