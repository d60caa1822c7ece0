/**
 * Stores which limits of one Codex account are used up, in the extension's storage. Every window of this machine that uses the
 * account sees them, in any town and after a reload. Each limit has its own file, so two windows never overwrite each other's
 * changes. While an agent tries whether the limit works again, a second file holds its claim.
 */
import { type FSWatcher, watch } from 'node:fs';
import { mkdir, open, readFile, readdir, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { parseJson } from '../../town/records/records.ts';
import { shortDigest } from '../../util/digest.ts';
import { type Clock, systemClock } from '../../util/deadline.ts';
import { writePrivate } from '../../util/privateFiles.ts';
import { storing } from '../../util/storing.ts';

const limitHold = z.object({
  /** The account's name for the limit. */
  limitId: z.string(),
  /** Unix milliseconds of the first refusal. */
  since: z.number(),
  /** Unix milliseconds of the refusal that `until` is based on. */
  refusedAt: z.number(),
  /** Nobody tries before this time, in Unix milliseconds. */
  until: z.number(),
  /** Whether `until` is based on a reset that the account named. Otherwise we chose it. */
  known: z.boolean(),
  /** How often it was refused. */
  refusals: z.number(),
  /** Models that were refused under it. The empty string is the model in Codex's configuration. */
  models: z.array(z.string()),
});

export type LimitHold = z.infer<typeof limitHold>;

/** A claim that is not renewed for this long expires, in milliseconds. */
const CLAIM_MS = 30_000;

export class LimitFiles {
  private readonly folder: string;
  private readonly clock: Clock;
  /** By limit: the claim as last seen, and the steady-clock time when it was first seen in that form. */
  private readonly claims = new Map<string, { stamp: string; since: number }>();

  /** @param storageDir The extension's own folder. @param account Where Codex keeps the account. */
  constructor(storageDir: string, account: string, clock = systemClock) {
    this.folder = path.join(storageDir, 'limits', shortDigest(account));
    this.clock = clock;
  }

  /** Reads all holds. Files that cannot be read are left out. */
  async read(): Promise<LimitHold[]> {
    const names = await readdir(this.folder).catch(() => []);
    const files = names.filter((name) => name.endsWith('.json')).map((name) => path.join(this.folder, name));
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
    return texts.flatMap((text) => {
      const decoded = limitHold.safeParse(parseJson(text));
      return decoded.success ? [decoded.data] : [];
    });
  }

  async write(hold: LimitHold): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await writePrivate(this.fileOf(hold.limitId, 'json'), JSON.stringify(hold));
  }

  async remove(limitId: string): Promise<void> {
    await rm(this.fileOf(limitId, 'json'), { force: true });
  }

  /** Claims the one try for a limit. False if somebody else has the claim. */
  async claim(limitId: string): Promise<boolean> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const file = this.fileOf(limitId, 'try');
    if (!(await this.isClaimed(limitId))) await rm(file, { force: true });
    try {
      await (await storing(() => open(file, 'wx', 0o600))).close();
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
      throw error;
    }
  }

  /** Whether somebody is trying. Compares the file's time only with its last value, because wall clocks differ and jump. */
  async isClaimed(limitId: string): Promise<boolean> {
    const claim = await stat(this.fileOf(limitId, 'try')).catch(() => undefined);
    if (!claim) {
      this.claims.delete(limitId);
      return false;
    }
    const stamp = `${claim.ino}:${claim.mtimeMs}`;
    const now = this.clock.steady();
    const seen = this.claims.get(limitId);
    if (seen?.stamp === stamp) return now - seen.since < CLAIM_MS;
    this.claims.set(limitId, { stamp, since: now });
    return true;
  }

  /** Renews our claim. Call this more often than every {@link CLAIM_MS}. */
  async renew(limitId: string): Promise<void> {
    const now = new Date();
    await utimes(this.fileOf(limitId, 'try'), now, now).catch(() => undefined);
  }

  async unclaim(limitId: string): Promise<void> {
    await rm(this.fileOf(limitId, 'try'), { force: true });
  }

  /** Reports changes soon, if the system supports it. Callers must also look from time to time. */
  async watch(changed: () => void): Promise<FSWatcher | undefined> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    try {
      return watch(this.folder, { persistent: false }, changed).on('error', () => undefined);
    } catch {
      return undefined;
    }
  }

  private fileOf(limitId: string, kind: 'json' | 'try'): string {
    return path.join(this.folder, `${shortDigest(limitId)}.${kind}`);
  }
}
