/**
 * The places for running agents, shared by all windows of a town on this machine. Each is a lock file in the extension's storage.
 * Records in Redis cannot be counted instead, because anybody there can write and delete them.
 */
import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { shortDigest } from '../../util/digest.ts';
import { modifiedAt } from '../../util/driveTime.ts';
import { takeLock } from '../../process/fileLock.ts';
import { writePrivate } from '../../util/privateFiles.ts';
import { ensurePrivateFolder } from '../../util/privateFolder.ts';

/** Gives a place back. */
export type GiveBack = () => Promise<void>;

/** Places for running agents. A single window, as in tests, has them to itself. */
export interface Places {
  /** Takes one of `count` places. Undefined if none is free. @throws TinytownError `storageRefuses` */
  take(count: number): Promise<GiveBack | undefined>;
  /** Tells the other windows that an agent of this one waits for a place. */
  ask(): Promise<void>;
  /** Whether an agent of another window has asked for a place since the last call. */
  asked(): Promise<boolean>;
}

export class TownPlaces implements Places {
  private readonly root: string;
  private readonly folder: string;
  private readonly own = `wanted-${randomUUID()}`;
  /** The requests of other windows, and when they were made. */
  private known = new Map<string, number>();

  /** @param storageDir The extension's own folder. @param townFolder Without links. */
  constructor(storageDir: string, townFolder: string, town: string) {
    this.root = path.join(storageDir, 'places');
    this.folder = path.join(this.root, shortDigest(JSON.stringify([townFolder, town])));
  }

  async take(count: number): Promise<GiveBack | undefined> {
    await ensurePrivateFolder(this.root);
    await ensurePrivateFolder(this.folder);
    // The first try may only clear places of windows that have ended.
    return (await this.takeOne(count)) ?? (await this.takeOne(count));
  }

  private async takeOne(count: number): Promise<GiveBack | undefined> {
    for (let place = 0; place < count; place += 1) {
      const giveBack = await takeLock(path.join(this.folder, `${place}.lock`));
      if (giveBack) return giveBack;
    }
    return undefined;
  }

  async ask(): Promise<void> {
    await writePrivate(path.join(this.folder, this.own), '');
  }

  async asked(): Promise<boolean> {
    const names = await readdir(this.folder).catch(() => []);
    const found = new Map<string, number>();
    for (const name of names) {
      if (!name.startsWith('wanted-') || name === this.own) continue;
      const at = await modifiedAt(path.join(this.folder, name));
      if (at !== undefined) found.set(name, at);
    }
    const news = [...found].some(([name, at]) => this.known.get(name) !== at);
    this.known = found;
    return news;
  }

  /** Withdraws this window's request. */
  async close(): Promise<void> {
    await rm(path.join(this.folder, this.own), { force: true });
  }
}
