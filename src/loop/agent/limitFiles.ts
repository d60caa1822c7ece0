/**
 * Which limits of one Codex account are used up, in files of the extension's storage: every window of this machine that works
 * with the account sees them, whatever town it has open, and so does the window after a reload. One file a limit, so that
 * two windows never overwrite each other's news; beside it, while one agent tries whether the limit works again, its claim.
 */
import { type FSWatcher, watch } from 'node:fs';
import { mkdir, open, readFile, readdir, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { parseJson } from '../../town/records.ts';
import { shortDigest } from '../../util/digest.ts';
import { type Clock, systemClock } from '../../util/deadline.ts';
import { writePrivate } from '../../util/privateFiles.ts';
import { storing } from '../../util/storing.ts';

const limitHold = z.object({
  /** The account's name for the limit. */
  limitId: z.string(),
  /** Unix milliseconds of the first refusal. */
  since: z.number(),
  /** Unix milliseconds of the refusal that `until` rests on. */
  refusedAt: z.number(),
  /** Unix milliseconds: nobody tries before. */
  until: z.number(),
  /** Whether `until` is the account's word; otherwise it is when we try again. */
  known: z.boolean(),
  /** How often it was refused. */
  refusals: z.number(),
  /** Models that were refused under it; empty text for the one that Codex is configured for. */
  models: z.array(z.string()),
});

export type LimitHold = z.infer<typeof limitHold>;

/** A claim that was not renewed for so long is nobody's. In milliseconds. */
const CLAIM_MS = 30_000;

export class LimitFiles {
  private readonly folder: string;
  private readonly clock: Clock;
  /** By limit: the claim as last seen, and when it was first seen so, on the steady clock. */
  private readonly claims = new Map<string, { stamp: string; since: number }>();

  /** @param storageDir The extension's own folder. @param account Where Codex keeps the account. */
  constructor(storageDir: string, account: string, clock = systemClock) {
    this.folder = path.join(storageDir, 'limits', shortDigest(account));
    this.clock = clock;
  }

  /** What stands there now. What cannot be read is left out. */
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

  /** Claims the one try for a limit; false where somebody else tries. */
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

  /** Whether somebody tries. Compares the file's time only with itself: wall clocks of windows may differ, and jump. */
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

  /** Keeps a claim of ours; to be called more often than {@link CLAIM_MS}. */
  async renew(limitId: string): Promise<void> {
    const now = new Date();
    await utimes(this.fileOf(limitId, 'try'), now, now).catch(() => undefined);
  }

  async unclaim(limitId: string): Promise<void> {
    await rm(this.fileOf(limitId, 'try'), { force: true });
  }

  /** Tells of changes, soon, where the system can; whoever waits for them looks from time to time as well. */
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
